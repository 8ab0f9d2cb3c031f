import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.mlflow.api.proto.Service.*;
import org.mlflow.tracking.*;
import org.mlflow.tracking.creds.BasicMlflowHostCreds;
import org.mlflow_project.google.gson.Gson;
import org.mlflow_project.google.gson.JsonObject;
import org.mlflow_project.google.gson.JsonParser;

/** The client, and what came of each of its calls. */
class Calls {
  static final String URL = System.getenv("MLFLOW_TRACKING_URI");
  static final Map<String, String> outcomes = new TreeMap<>();
  // The client takes no user and no password from the environment. The command `mlflow`, which it calls for files, does.
  static final MlflowClient client = new MlflowClient(creds(URL, System.getenv("MLFLOW_TRACKING_PASSWORD")));

  /** What depends on the server and on the time, longest first. */
  static String plain(String text) {
    return text.replace(URL, "URL").replaceAll("https?://[^\\s/\"']+", "URL").replaceAll("[0-9a-f]{32}", "ID")
        .replaceAll("\\b1[0-9]{12}\\b", "TIME").replaceAll("\\b\\d+(/|%2F)(?=ID)", "N/")
        .replaceAll("/tmp/[^\\s/]+", "/tmp/FOLDER");
  }

  /** Runs a call and notes what it returns, or its error. */
  static void call(String name, Callable<?> function) {
    String outcome;
    try {
      outcome = new Gson().toJson(function.call());
    } catch (Throwable error) {
      // The command `mlflow` ends with the calls of its program, and then the reason.
      String message = String.valueOf(error.getMessage()).strip().replaceFirst("(?s)Traceback.*\\n(?=[^\\n]*$)", "");
      outcome = error.getClass().getSimpleName() + ": " + message;
    }
    outcome = plain(outcome);
    outcomes.put(name, outcome.substring(0, Math.min(600, outcome.length())));
  }

  static Metric metric(String key, double value, long step) {
    return Metric.newBuilder().setKey(key).setValue(value).setTimestamp(1700000000000L + step).setStep(step).build();
  }

  static Param param(String key, String value) {
    return Param.newBuilder().setKey(key).setValue(value).build();
  }

  static RunTag tag(String key, String value) {
    return RunTag.newBuilder().setKey(key).setValue(value).build();
  }

  static List<String> names(List<Run> runs) {
    return runs.stream().map(run -> run.getInfo().getRunName()).collect(Collectors.toList());
  }

  static JsonObject post(String path, String body) {
    return JsonParser.parseString(client.sendPost(path, body)).getAsJsonObject();
  }

  static String query(String value) {
    return URLEncoder.encode(value, StandardCharsets.UTF_8);
  }

  static BasicMlflowHostCreds creds(String url, String password) {
    return password == null ? new BasicMlflowHostCreds(url) : new BasicMlflowHostCreds(url, "admin", password);
  }
}
