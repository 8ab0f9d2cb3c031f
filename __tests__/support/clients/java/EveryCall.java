import static java.util.stream.Collectors.toList;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.mlflow.api.proto.Service.*;
import org.mlflow.tracking.*;
import org.mlflow.tracking.creds.BasicMlflowHostCreds;
import org.mlflow_project.google.gson.Gson;

/**
 * Does with Java's client what users do with it, and prints what came of each call as JSON.
 *
 * <p>Names of what a server makes (ids, times, addresses) are left out, so that two servers can be compared.
 */
public class EveryCall extends Calls {
  static void experiments(String experiment) {
    call("experiments: by id", () -> client.getExperiment(experiment).getName());
    for (String name : List.of("a/b", "with space & ümlaut + 日本", "100%", "'quotes'; #1?")) {
      call("experiments: " + name, () -> {
        client.createExperiment("java " + name);
        return client.getExperimentByName("java " + name).get().getName();
      });
    }
    call("experiments: by a name that is not there", () -> client.getExperimentByName("nobody's").isPresent());
    call("experiments: twice", () -> client.createExperiment("java every call"));
    call("experiments: without a name", () -> client.createExperiment(""));
    call("experiments: an artifact location", () -> client.getExperiment(client.createExperiment(
        CreateExperiment.newBuilder().setName("java elsewhere").setArtifactLocation("file:///tmp/elsewhere").build()))
        .getArtifactLocation());
    call("experiments: pages", () -> {
      List<String> found = new ArrayList<>();
      ExperimentsPage page = client.searchExperiments("name LIKE 'java%'", ViewType.ALL, 2, List.of("name ASC"));
      for (Page<Experiment> next = page; ; next = next.getNextPage()) {
        next.getItems().forEach(item -> found.add(item.getName()));
        if (!next.hasNextPage()) return found;
      }
    });
    call("experiments: tag, rename, delete, restore", () -> {
      client.setExperimentTag(experiment, "team", "ä 日本");
      client.renameExperiment(experiment, "java renamed");
      client.deleteExperiment(experiment);
      String gone = client.getExperiment(experiment).getLifecycleStage();
      client.restoreExperiment(experiment);
      client.renameExperiment(experiment, "java every call");
      Experiment back = client.getExperiment(experiment);
      return List.of(gone, back.getLifecycleStage(), back.getName(), back.getTags(0).getKey());
    });
    call("experiments: unknown", () -> client.getExperiment("987654"));
  }

  static void runs(String experiment, String run) {
    call("runs: created", () -> client.getRun(run).getInfo().getStatus().name());
    call("runs: in Default", () -> client.createRun().getExperimentId());
    call("runs: params", () -> {
      client.logParam(run, "key / with space", "ä 日本 & +");
      client.logParam(run, "long", "x".repeat(6000));
      client.logParam(run, "empty", "");
      return client.getRun(run).getData().getParamsList().stream().map(found -> found.getKey() + found.getValue().length())
          .sorted().collect(toList());
    });
    call("runs: a param twice", () -> { client.logParam(run, "long", "y"); return null; });
    call("runs: a param too long", () -> { client.logParam(run, "longer", "x".repeat(9000)); return null; });
    call("runs: metrics", () -> {
      client.logMetric(run, "now", 0.5);
      for (double value : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 1e308, 0.1}) {
        client.logMetric(run, "odd/metric name", value, 1700000000000L, 7);
      }
      return client.getMetricHistory(run, "odd/metric name").stream().map(found -> String.valueOf(found.getValue()))
          .sorted().collect(toList());
    });
    call("runs: a name of a metric that is wrong", () -> { client.logMetric(run, "a<b>\"", 1); return null; });
    call("runs: tags", () -> {
      client.setTag(run, "ünï", "ä\n日本");
      client.setTag(run, "gone", "1");
      client.deleteTag(run, "gone");
      return client.getRun(run).getData().getTagsList().stream().map(RunTag::getKey).sorted().collect(toList());
    });
    call("runs: batch", () -> {
      List<Metric> metrics = new ArrayList<>();
      List<Param> params = new ArrayList<>();
      for (int i = 0; i < 800; i++) metrics.add(metric("m" + i, i / 7.0, i));
      for (int i = 0; i < 90; i++) params.add(param("p" + i, "v".repeat(100)));
      client.logBatch(run, metrics, params, List.of(tag("t", "x".repeat(4000))));
      return client.getRun(run).getData().getMetricsCount();
    });
    call("runs: batch without a list", () -> { client.logBatch(run, null, null, null); return null; });
    call("runs: batch too large", () -> {
      List<Metric> metrics = new ArrayList<>();
      for (int i = 0; i < 1001; i++) metrics.add(metric("m", i, i));
      client.logBatch(run, metrics, null, null);
      return null;
    });
    call("runs: pages", () -> {
      for (int i = 0; i < 5; i++) {
        client.createRun(CreateRun.newBuilder().setExperimentId(experiment).setRunName("page " + i).setStartTime(i).build());
      }
      List<List<String>> found = new ArrayList<>();
      List<String> order = List.of("attribute.start_time DESC");
      RunsPage page = client.searchRuns(List.of(experiment), "attributes.run_name LIKE 'page%'", ViewType.ALL, 2, order);
      for (Page<Run> next = page; ; next = next.getNextPage()) {
        List<Run> items = new ArrayList<>();
        next.getItems().forEach(items::add);
        found.add(names(items));
        if (!next.hasNextPage()) return found;
      }
    });
    call("runs: search", () -> {
      String filter = "metrics.m3 > 0.4 and params.p1 = '" + "v".repeat(100) + "' and tags.`ünï` LIKE 'ä%'";
      return names(client.searchRuns(List.of(experiment), filter, ViewType.ACTIVE_ONLY, 10).getItems());
    });
    call("runs: search that is wrong", () -> client.searchRuns(List.of(experiment), "metrics.'; drop table runs").size());
    call("runs: all of an experiment", () -> client.listRunInfos(experiment).size());
    call("runs: deleted, restored", () -> {
      client.deleteRun(run);
      String gone = client.getRun(run).getInfo().getLifecycleStage();
      client.restoreRun(run);
      return List.of(gone, client.getRun(run).getInfo().getLifecycleStage());
    });
    call("runs: ended", () -> {
      client.setTerminated(run, RunStatus.FAILED, 1700000000000L);
      return client.getRun(run).getInfo().getStatus().name();
    });
    call("runs: unknown", () -> client.getRun("0".repeat(32)));
    call("runs: of a context", () -> {
      MlflowContext context = new MlflowContext(client).setExperimentName("java every call");
      ActiveRun parent = context.startRun("parent");
      ActiveRun child = context.startRun("child", parent.getId());
      child.logParams(Map.of("a", "1", "b", "2"));
      child.logMetrics(Map.of("c", 0.25), 3);
      child.setTags(Map.of("d", "e"));
      child.endRun();
      parent.endRun(RunStatus.KILLED);
      Run found = client.getRun(child.getId());
      boolean nested = found.getData().getTagsList().contains(tag("mlflow.parentRunId", parent.getId()));
      return List.of(found.getInfo().getStatus().name(), found.getData().getParamsCount(), nested);
    });
  }

  static List<String> listed(String run, String folder) {
    List<String> found = new ArrayList<>();
    for (FileInfo file : folder == null ? client.listArtifacts(run) : client.listArtifacts(run, folder)) {
      if (file.getIsDir()) found.addAll(listed(run, file.getPath()));
      else found.add(file.getPath() + " " + file.getFileSize());
    }
    return found.stream().sorted().collect(toList());
  }

  static void files(String run) throws Exception {
    Path here = Files.createTempDirectory("files");
    for (String name : List.of("plain.txt", "with space & ümlaut + 日本.txt", "100% a%20b#c?d;e.txt")) {
      call("files: " + name, () -> {
        Path file = Files.writeString(here.resolve(name), "content of " + name);
        client.logArtifact(run, file.toFile(), "folder/deep");
        File back = client.downloadArtifacts(run, "folder/deep/" + name);
        return Files.readString(back.toPath()).equals("content of " + name);
      });
    }
    call("files: 12 MiB", () -> {
      Path file = Files.write(here.resolve("large.bin"), new byte[12 << 20]);
      client.logArtifact(run, file.toFile());
      return client.downloadArtifacts(run, "large.bin").length();
    });
    call("files: a folder", () -> {
      client.logArtifacts(run, here.toFile(), "many");
      try (var found = Files.walk(client.downloadArtifacts(run, "many").toPath())) {
        return found.filter(Files::isRegularFile).count();
      }
    });
    call("files: listed", () -> listed(run, null));
    call("files: one that is not there", () -> client.downloadArtifacts(run, "missing.txt").exists());
    call("files: a model", () -> {
      Path model = Files.createDirectories(Files.createTempDirectory("model").resolve("model"));
      Files.writeString(model.resolve("MLmodel"), "flavors: {}\n");
      client.logArtifacts(run, model.toFile(), "model");
      return listed(run, "model");
    });
  }

  static void registry(String run) {
    String source = client.getRun(run).getInfo().getArtifactUri() + "/model";
    for (String name : List.of("Model", "with space & ümlaut + 日本", "100% a.b-c")) {
      String model = "java-" + name, named = "\"name\": \"" + model + "\"";
      call("registry: " + name, () -> {
        post("registered-models/create", "{" + named + ", \"tags\": [{\"key\": \"a\", \"value\": \"b\"}]}");
        String version = "{" + named + ", \"run_id\": \"" + run + "\", \"source\": \"" + source + "\"}";
        post("model-versions/create", version);
        post("model-versions/create", version);
        return client.getRegisteredModel(model).getName();
      });
      call("registry: versions of " + name, () -> {
        client.sendPatch("model-versions/update", "{" + named + ", \"version\": \"1\", \"description\": \"ä 日本\"}");
        post("model-versions/transition-stage", "{" + named + ", \"version\": \"1\", \"stage\": \"Production\"}");
        String described = client.getModelVersion(model, "1").getDescription();
        List<String> latest = client.getLatestVersions(model, List.of("Production", "None")).stream()
            .map(version -> version.getVersion() + version.getCurrentStage()).sorted().collect(toList());
        return List.of(described, latest, client.getLatestVersions(model).size());
      });
      call("registry: files of " + name, () -> {
        String there = client.getModelVersionDownloadUri(model, "1");
        return List.of(there, client.downloadModelVersion(model, "1").list(), client.downloadLatestModelVersion(model, "None").list());
      });
      call("registry: search of " + name, () -> client.sendGet("registered-models/search?filter=" + query("name = '" + model + "'"))
          .contains("current_stage"));
    }
    call("registry: twice", () -> post("registered-models/create", "{\"name\": \"java-Model\"}").toString());
    call("registry: unknown", () -> client.getRegisteredModel("nobody's").getName());
    call("registry: pages of versions", () -> {
      List<String> found = new ArrayList<>();
      List<String> order = List.of("name ASC", "version_number DESC");
      for (Page<?> next = client.searchModelVersions("name LIKE 'java%'", 4, order); ; next = next.getNextPage()) {
        found.add(String.valueOf(next.getPageSize()));
        if (!next.hasNextPage()) return found;
      }
    });
    call("registry: all versions", () -> client.searchModelVersions().getPageSize() > 5);
    Map.of("a local file", "file:///etc/passwd", "a path", "/etc", "https", "https://example.com/model",
        "outside", "mlflow-artifacts:/../../etc").forEach((name, bad) -> call("a model version from " + name, () -> post(
            "model-versions/create", "{\"name\": \"java-Model\", \"run_id\": \"" + run + "\", \"source\": \"" + bad + "\"}")
            .has("model_version")));
    call("registry: alias", () -> {
      post("registered-models/alias", "{\"name\": \"java-Model\", \"alias\": \"champion\", \"version\": \"2\"}");
      return client.sendGet("registered-models/alias?name=" + query("java-Model") + "&alias=champion").contains("\"2\"");
    });
    call("registry: rename", () -> post("registered-models/rename", "{\"name\": \"java-Model\", \"new_name\": \"java-other\"}")
        .has("registered_model"));
  }

  static void others(String experiment) {
    call("GET with a query", () -> client.sendGet("experiments/search?max_results=1").contains("experiments"));
    call("an unknown address", () -> client.sendGet("nothing"));
    call("a body that is no JSON", () -> client.sendPost("runs/search", "{"));
    call("an empty body", () -> client.sendPost("runs/search", ""));
    call("a field too many", () -> client.sendPost("runs/search", "{\"experiment_ids\": [\"" + experiment + "\"], \"more\": 1}")
        .contains("first / "));
    String password = System.getenv("MLFLOW_TRACKING_PASSWORD");
    call("an address that ends with a slash", () -> new MlflowClient(creds(URL + "/", password)).getExperiment(experiment).getName());
    // the server to compare with has no passwords.
    call("a wrong password", () -> new MlflowClient(creds(URL, "wrong")).getExperiment(experiment).getName());
    call("a wrong token", () -> new MlflowClient(new BasicMlflowHostCreds(URL, "wrong")).getExperiment(experiment).getName());
  }

  public static void main(String[] arguments) throws Exception {
    String experiment = client.createExperiment("java every call");
    String run = client.createRun(CreateRun.newBuilder().setExperimentId(experiment).setRunName("first / ümlaut").build()).getRunId();
    experiments(experiment);
    runs(experiment, run);
    files(run);
    registry(run);
    others(experiment);
    System.out.println("OUTCOMES " + new Gson().toJson(Map.of("client", MlflowClientVersion.getClientVersion(), "outcomes", outcomes)));
  }
}
