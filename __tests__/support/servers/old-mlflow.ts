import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually, run, runOk } from "../run";
import { NODE_TYPESCRIPT } from "../stacks/deployment";

/** The newest release of MLflow 2: most servers that are upgraded have one of that year. */
export const OLD_RELEASE = "2.22.5";

/**
 * What a client sees of an experiment: runs with params, metrics, tags, files and datasets, a registered model with its
 * prediction, and traces. It runs with MLflow 2 and 3, and prints JSON.
 */
export const READ = `
import json, os, warnings
warnings.filterwarnings("ignore")
os.environ["GIT_PYTHON_REFRESH"] = "quiet"
import mlflow
from mlflow import MlflowClient
client = MlflowClient()
experiment = client.get_experiment_by_name("of an old server")
def told(run):
    files = client.list_artifacts(run.info.run_id)
    return {
        "name": run.info.run_name, "id": run.info.run_id, "status": run.info.status,
        "start": run.info.start_time, "end": run.info.end_time, "params": dict(run.data.params),
        "metrics": {key: [(m.step, m.value, m.timestamp) for m in client.get_metric_history(run.info.run_id, key)]
                    for key in sorted(run.data.metrics)},
        "tags": {key: run.data.tags[key] for key in sorted(run.data.tags) if key in ("team", "mlflow.parentRunId")},
        "files": sorted((file.path, file.file_size) for file in files if not file.is_dir),
        "note": mlflow.artifacts.load_text(run.info.artifact_uri + "/note.txt") if any(f.path == "note.txt" for f in files) else None,
        "datasets": [(i.dataset.name, i.dataset.digest) for i in run.inputs.dataset_inputs],
    }
runs = [told(run) for run in client.search_runs([experiment.experiment_id], order_by=["attributes.start_time"])]
version = client.get_model_version_by_alias("MyModel", "champion")
traces = [[span.name for span in trace.data.spans] for trace in client.search_traces([experiment.experiment_id])]
print("SEEN", json.dumps({
    "experiment": [experiment.experiment_id, experiment.lifecycle_stage, experiment.tags.get("owner")],
    "runs": runs,
    "model": [version.name, version.version, version.run_id, dict(version.tags), version.description],
    "prediction": mlflow.sklearn.load_model("models:/MyModel@champion").predict([[0], [3]]).tolist(),
    "traces": traces,
}, sort_keys=True))
`;

const FILL = `
import os
os.environ["GIT_PYTHON_REFRESH"] = "quiet"
import mlflow, numpy
from mlflow import MlflowClient
from sklearn.linear_model import LogisticRegression
client = MlflowClient()
mlflow.set_experiment("of an old server")
client.set_experiment_tag(mlflow.get_experiment_by_name("of an old server").experiment_id, "owner", "ada")
x, y = numpy.array([[0.0], [1.0], [2.0], [3.0]]), numpy.array([0, 0, 1, 1])
with mlflow.start_run(run_name="parent") as parent:
    mlflow.set_tag("team", "search")
    mlflow.log_params({"rate": 0.1, "name": "ä 日本"})
    for step in range(50):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.log_text("content", "note.txt")
    mlflow.log_input(mlflow.data.from_numpy(x, targets=y, name="numbers"), context="training")
    with mlflow.start_run(run_name="child", nested=True):
        mlflow.log_metric("loss", float("nan"))
    mlflow.sklearn.log_model(LogisticRegression().fit(x, y), "model", registered_model_name="MyModel")
client.set_registered_model_alias("MyModel", "champion", 1)
client.set_model_version_tag("MyModel", "1", "checked", "yes")
client.update_model_version("MyModel", "1", "the first one")
with mlflow.start_span("question"):
    with mlflow.start_span("retrieval"):
        pass
`;

/** An MLflow of an older release on the stores of a deployed stack, filled as its users would have done it. */
export async function fillByOldServer(stack: string): Promise<string> {
  const [node = "", ...loader] = NODE_TYPESCRIPT;
  const program = join(__dirname, "old-mlflow-image.ts");
  const image = (await runOk(node, [...loader, program, OLD_RELEASE])).trim();
  const secrets = mkdtempSync(join(tmpdir(), "mlflow-e2e-old-"));
  const name = `${stack}-old-server`;
  try {
    await runOk("docker", ["cp", `${stack}-server:/run/secrets/.`, secrets]);
    await runOk("docker", ["stop", `${stack}-server`]);
    // Everything but the mark of the stack.
    const drop = `do $$ declare t text; begin
      for t in select tablename from pg_tables where schemaname = 'public' and tablename <> 'mlflow_stack_identity'
      loop execute format('drop table %I cascade', t); end loop; end $$`;
    await runOk("docker", ["exec", `${stack}-postgres`, "psql", "-q", "-U", "mlflow", "-d", "mlflow", "-c", drop]);
    await runOk("docker", [
      ...["run", "--detach", "--name", name, "--network", `${stack}-network-internal`],
      ...["--volume", `${secrets}:/run/secrets:ro`, "--env", "PGSERVICEFILE=/run/secrets/pg_service.conf"],
      ...["--env", "AWS_SHARED_CREDENTIALS_FILE=/run/secrets/aws-credentials"],
      ...["--env", `MLFLOW_S3_ENDPOINT_URL=http://${stack}-minio:9000`, "--env", "AWS_DEFAULT_REGION=us-east-1"],
      ...[image, "mlflow", "server", "--backend-store-uri", "postgresql+psycopg2:///?service=mlflow"],
      ...["--artifacts-destination", "s3://mlflow", "--workers", "1"],
    ]);
    await eventually("the old server answers", 90, async () => {
      const ask = "import urllib.request as r; r.urlopen('http://127.0.0.1:5000/version')";
      return (await run("docker", ["exec", name, "python", "-c", ask])).code === 0;
    });
    await client(image, name, FILL);
    return seen(await client(image, name, READ));
  } finally {
    await run("docker", ["rm", "--force", name]);
    rmSync(secrets, { recursive: true, force: true });
  }
}

/** What a client has printed of the data. */
export function seen(output: string): string {
  const line = output.split("\n").find((one) => one.startsWith("SEEN "));
  if (line === undefined) throw new Error(`the client printed no data:\n${output}`);
  return JSON.stringify(JSON.parse(line.slice("SEEN ".length)), null, 2);
}

async function client(image: string, server: string, script: string): Promise<string> {
  const settings = ["--env", "MLFLOW_TRACKING_URI=http://127.0.0.1:5000", "--env", "HOME=/tmp", "--interactive"];
  const network = ["--network", `container:${server}`];
  return runOk("docker", ["run", "--rm", ...settings, ...network, image, "python", "-"], { input: script });
}
