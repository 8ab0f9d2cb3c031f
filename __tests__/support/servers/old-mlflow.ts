import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RELEASES } from "../../../lib/values/releases";
import { run, runOk } from "../run";
import { mlflowImage, startPlainMlflow } from "./plain-mlflow";

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

def files(run, folder=None):
    for file in client.list_artifacts(run, folder):
        yield from files(run, file.path) if file.is_dir else [(file.path, file.file_size)]

def told(run):
    metrics = {key: [(m.step, repr(m.value), m.timestamp) for m in client.get_metric_history(run.info.run_id, key)]
               for key in sorted(run.data.metrics)}
    found = sorted(files(run.info.run_id))
    notes = [mlflow.artifacts.load_text(f"{run.info.artifact_uri}/{path}") for path, _ in found if path == "note.txt"]
    return {
        "name": run.info.run_name, "id": run.info.run_id, "status": run.info.status, "notes": notes,
        "start": run.info.start_time, "end": run.info.end_time, "params": dict(run.data.params), "metrics": metrics,
        "tags": {key: run.data.tags[key] for key in ("team", "mlflow.parentRunId") if key in run.data.tags},
        "files": found, "datasets": [(i.dataset.name, i.dataset.digest) for i in run.inputs.dataset_inputs],
    }

version = client.get_model_version_by_alias("MyModel", "champion")
print("SEEN", json.dumps({
    "experiment": [experiment.experiment_id, experiment.lifecycle_stage, experiment.tags["owner"]],
    "runs": [told(run) for run in client.search_runs([experiment.experiment_id], order_by=["attributes.start_time"])],
    "model": [version.name, int(version.version), version.run_id, dict(version.tags), version.description],
    "prediction": mlflow.sklearn.load_model("models:/MyModel@champion").predict([[0], [3]]).tolist(),
    "traces": [[(span.name, span.inputs) for span in trace.data.spans]
               for trace in client.search_traces([experiment.experiment_id])],
}, sort_keys=True))
`;

/**
 * What a client logs for `READ`. The model names its requirements, because finding them loads it in another process. Traces
 * are sent at once: a client that ends may leave one without its file, which others then ask for in vain for four minutes.
 */
export const FILL = `
import os
os.environ.update(GIT_PYTHON_REFRESH="quiet", MLFLOW_ENABLE_ASYNC_TRACE_LOGGING="false")
import mlflow, numpy
from mlflow import MlflowClient
from sklearn.linear_model import LogisticRegression
client = MlflowClient()
experiment = mlflow.set_experiment("of an old server")
client.set_experiment_tag(experiment.experiment_id, "owner", "ada")
x, y = numpy.array([[0.0], [1.0], [2.0], [3.0]]), numpy.array([0, 0, 1, 1])
with mlflow.start_run(run_name="parent"):
    mlflow.set_tag("team", "search")
    mlflow.log_params({"rate": 0.1, "name": "ä 日本"})
    for step in range(20):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.log_text("content", "note.txt")
    mlflow.log_input(mlflow.data.from_numpy(x, targets=y, name="numbers"), context="training")
    with mlflow.start_run(run_name="child", nested=True):
        mlflow.log_metric("loss", float("nan"))
    model = LogisticRegression().fit(x, y)
    mlflow.sklearn.log_model(model, "model", registered_model_name="MyModel", pip_requirements=["scikit-learn"])
client.set_registered_model_alias("MyModel", "champion", 1)
client.set_model_version_tag("MyModel", "1", "checked", "yes")
client.update_model_version("MyModel", "1", "the first one")
with mlflow.start_span("question") as question:
    question.set_inputs({"text": "why?"})
    with mlflow.start_span("retrieval"):
        pass
`;

// Everything but the mark of the stack.
const EMPTY = `do $$ declare name text; begin
  for name in select tablename from pg_tables where schemaname = 'public'
  loop execute format('drop table %I cascade', name); end loop; end $$`;

/** An image of the last release with an older schema, which the stack can deploy. Returns its name. */
export async function previousMlflow(): Promise<string> {
  const { packages, previous } = RELEASES.mlflow;
  const requirements = Object.entries({ mlflow: previous, ...packages }).map((requirement) => requirement.join("=="));
  return mlflowImage(`mlflow:${previous}`, requirements);
}

/**
 * Empties the database of a deployed stack, and has it filled by the old MLflow, with its server and its client, on the
 * stack's own database and bucket. The stack's server is stopped from then on.
 *
 * @returns what the old client sees.
 */
export async function fillByOldMlflow(stack: string): Promise<string> {
  const { packages, old } = RELEASES.mlflow;
  const requirements = {
    mlflow: old.version,
    boto3: packages.boto3,
    "psycopg2-binary": packages["psycopg2-binary"],
    ...old.packages,
  };
  const image = await mlflowImage(
    `mlflow:${old.version}`,
    Object.entries(requirements).map((requirement) => requirement.join("==")),
  );
  const secrets = mkdtempSync(join(tmpdir(), "mlflow-e2e-old-"));
  const name = `${stack}-old-server`;
  try {
    await runOk("docker", ["cp", `${stack}-server:/run/secrets/.`, secrets]);
    await runOk("docker", ["stop", `${stack}-server`]);
    await runOk("docker", ["exec", `${stack}-postgres`, "psql", "-q", "-U", "mlflow", "-d", "mlflow", "-c", EMPTY]);
    await startPlainMlflow(stack, { name, image, secrets, destination: "s3://mlflow", options: ["--workers", "1"] });
    const client = (input: string) => runOk("docker", ["exec", "--interactive", name, "python", "-"], { input });
    await client(FILL);
    return seen(await client(READ));
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
