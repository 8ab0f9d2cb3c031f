import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CLIENT_IMAGE } from "../support/clients/network-client";
import { Deployment, removeLeftovers } from "../support/stacks/deployment";
import { eventually, run, runOk } from "../support/run";

jest.setTimeout(10 * 60_000);

// Where the other server kept its files. Here that folder has another name.
const OLD_FOLDER = "/home/ann/mlflow";

const FILL = `
import json, mlflow, numpy
mlflow.set_tracking_uri("sqlite:///${OLD_FOLDER}/mlflow.db")
client = mlflow.MlflowClient()
mlflow.create_experiment("moved", artifact_location="${OLD_FOLDER}/mlruns/1")
mlflow.set_experiment("moved")
with mlflow.start_run(run_name="parent", tags={"team": "blue"}) as parent:
    mlflow.log_param("rate", 0.25)
    for step in range(50):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.log_metric("none", float("nan"))
    mlflow.log_text("a note", "notes/a b.txt")
    with mlflow.start_run(run_name="child", nested=True) as child:
        mlflow.log_metric("loss", 0.5)

class Echo(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: list[str]) -> list[str]:
        return [text.upper() for text in model_input]

with mlflow.start_run(run_id=parent.info.run_id):
    mlflow.pyfunc.log_model(name="echo", python_model=Echo(), registered_model_name="echo")
client.set_registered_model_alias("echo", "champion", 1)
with mlflow.start_span("answer") as span:
    span.set_inputs({"question": "why"})
mlflow.flush_trace_async_logging()
client.delete_run(child.info.run_id)
print("IDS", parent.info.run_id, child.info.run_id)
`;

const READ_BACK = (parent: string) => `
import json, math, mlflow
client = mlflow.MlflowClient()
run = client.get_run("${parent}")
history = client.get_metric_history("${parent}", "loss")
experiment = client.get_experiment_by_name("moved")
print(json.dumps({
    "experiment": [experiment.experiment_id, experiment.artifact_location],
    "run": [run.info.run_name, run.data.params, run.data.tags["team"], run.info.artifact_uri],
    "history": [len(history), sum(metric.value for metric in history)],
    "nan": math.isnan(run.data.metrics["none"]),
    "note": mlflow.artifacts.load_text(run.info.artifact_uri + "/notes/a b.txt"),
    "deleted": [found.info.run_name for found in client.search_runs(["1"], run_view_type=2)],
    "model": mlflow.pyfunc.load_model("models:/echo@champion").predict(["hello"]),
    "traces": [trace.data.spans[0].inputs for trace in mlflow.search_traces(["1"], return_type="list")],
    "new": mlflow.create_experiment("made here"),
}))
`;

const stack = new Deployment("e2e-import", 21480);
const source = mkdtempSync(join(tmpdir(), "mlflow-import-"));
let parent: string;

beforeAll(async () => {
  await removeLeftovers(stack.id);
  mkdirSync(join(source, "mlruns"), { recursive: true });
  await runOk("chmod", ["-R", "a+rwX", source]);
  const [, id = ""] =
    /IDS (\w+)/.exec(
      await runOk(
        "docker",
        [
          ...["run", "--rm", "--interactive", "--network", "none", "--user", "1000:1000", "--env", "HOME=/tmp"],
          ...["--env", "GIT_PYTHON_REFRESH=quiet", "--env", "MLFLOW_DISABLE_TELEMETRY=true"],
          ...["--volume", `${source}:${OLD_FOLDER}`, CLIENT_IMAGE, "python", "-"],
        ],
        { input: FILL },
      ),
    ) ?? [];
  parent = id;
  await stack.commandOk(["up", "--yes"]);
});

afterAll(async () => {
  await removeLeftovers(stack.id);
  rmSync(source, { recursive: true });
});

async function importing(...args: string[]) {
  return stack.command(["import", "--yes", ...args]);
}

test("A file that is no database of MLflow is refused, and a folder that the database needs is asked for", async () => {
  const readme = await importing("--database", join(__dirname, "import.test.ts"));
  expect([readme.code, readme.stderr.trim()]).toEqual([1, "Error: it is no SQLite database"]);

  const missing = await importing("--database", join(source, "mlflow.db"));
  expect(missing.code).toBe(1);
  expect(missing.stderr).toContain(
    `the database names files in ${OLD_FOLDER}/mlruns, and there is no folder with them`,
  );
});

test("An import that was killed is repeated, and ends with all rows and files of the old server", async () => {
  const first = stack.start([
    "import",
    "--yes",
    "--database",
    join(source, "mlflow.db"),
    "--artifacts",
    join(source, "mlruns"),
  ]);
  await eventually("the importer has begun", 60, async () => {
    const { code } = await run("docker", ["exec", `${stack.id}-server`, "test", "-e", "/tmp/mlflow-import/mlflow.db"]);
    return code === 0;
  });
  process.kill(-first.pid, "SIGKILL");
  await first.end;

  const { code, stdout, stderr } = await importing(
    ...["--database", join(source, "mlflow.db"), "--artifacts", join(source, "mlruns")],
  );
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/│ runs +│ 2 +│/);
  expect(stdout).toMatch(/│ values of metrics +│ 52 +│/);
  expect(stdout).toMatch(/\d+ rows and \d+ files \(\d+ bytes\) are here, counted on both sides/);

  expect(JSON.parse((await stack.python(READ_BACK(parent))).trim().split("\n").at(-1) ?? "")).toEqual({
    experiment: ["1", "mlflow-artifacts:/1"],
    run: ["parent", { rate: "0.25" }, "blue", `mlflow-artifacts:/1/${parent}/artifacts`],
    history: [50, expect.closeTo(4.4992, 4)],
    nan: true,
    note: "a note",
    deleted: ["child"],
    model: ["HELLO"],
    traces: [{ question: "why" }],
    new: "2",
  });
  expect(await stack.plan()).toEqual({});
});

test("A stack with data is not imported into, and keeps it", async () => {
  const again = await importing("--database", join(source, "mlflow.db"), "--artifacts", join(source, "mlruns"));
  expect([again.code, again.stderr]).toEqual([
    1,
    expect.stringContaining("the stack's database is in use: 2 rows in runs. Import into a new stack."),
  ]);
  const { code } = await run("docker", ["exec", `${stack.id}-server`, "test", "-e", "/tmp/mlflow-import"]);
  expect(code).not.toBe(0);
});
