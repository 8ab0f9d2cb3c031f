import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { PYTHON_BOOTSTRAP, pythonInput } from "../../cli/docker/python-program";
import { collectorProgram } from "../../cli/gc/collector";
import type { Garbage } from "../../cli/gc/garbage";
import { ADVISORY_LOCK } from "../../lib/contract/backup";
import { GC_SERVICE_FILE } from "../../lib/contract/garbage";
import type { Collected, GcState } from "../../lib/contract/garbage";
import { Deployment, removeLeftovers } from "../support/stacks/deployment";
import { eventually, run, runOk } from "../support/run";

jest.setTimeout(5 * 60_000);

// So many that a garbage collection can be killed in the middle.
const MANY = 60;

const FILL = `
import json, mlflow
client = mlflow.MlflowClient()
ids = {"kept": {}, "gone": {}, "used": {}}

def run(experiment, name):
    with mlflow.start_run(experiment_id=experiment, run_name=name, tags={"team": "blue"}) as one:
        mlflow.log_metrics({"loss": 0.5, "rate": 2}, step=3)
        mlflow.log_param("name", name)
        mlflow.log_text(name, "notes/a b.txt")
    return one.info.run_id

def model(experiment, name, source=None):
    one = client.create_logged_model(experiment, name=name, source_run_id=source)
    open("/tmp/MLmodel", "w").write(name)
    client.log_model_artifact(one.model_id, "/tmp/MLmodel")
    client.finalize_logged_model(one.model_id, "READY")
    return one.model_id

def trace(experiment, name):
    mlflow.set_experiment(experiment_id=experiment)
    with mlflow.start_span(name) as span:
        span.set_inputs({"question": name})
    mlflow.flush_trace_async_logging()
    return span.trace_id

here, gone = mlflow.create_experiment("here"), mlflow.create_experiment("gone")
kept = ids["kept"] = {"experiment": here, "run": run(here, "kept run"), "trace": trace(here, "kept trace")}
kept["model"] = model(here, "kept", kept["run"])
old = ids["gone"] = {"run": run(here, "deleted run"), "model": model(here, "deleted"), "trace": trace(here, "deleted trace")}
old |= {"run of it": run(gone, "run of it"), "trace of it": trace(gone, "trace of it")}
old["model of it"] = model(gone, "model of it", old["run of it"])
# A registered model names these, so they stay although they are deleted.
used = ids["used"] = {"run": run(here, "used run"), "model": model(here, "used"), "source": run(here, "source")}
used["model of source"] = model(here, "of source", used["source"])
client.create_registered_model("production")
client.create_model_version("production", f"mlflow-artifacts:/{here}/{used['run']}/artifacts/notes", run_id=used["run"])
client.create_model_version("production", f"models:/{used['model']}", model_id=used["model"])
for key in (old["run"], used["run"], used["source"]):
    client.delete_run(key)
for key in (old["model"], used["model"]):
    client.delete_logged_model(key)
for number in range(${MANY}):
    one = client.create_run(here, run_name=f"many {number}").info.run_id
    client.log_text(one, "many", "many.txt")
    client.delete_run(one)
client.delete_traces(here, trace_ids=[old["trace"]])
client.delete_experiment(gone)
ids["experiment"] = gone
print("IDS", json.dumps(ids))
`;

/** All that is kept, as a client sees it, with the content of every file. */
const READ = (ids: Ids) => `
import json, mlflow, pathlib
client, ids = mlflow.MlflowClient(), ${JSON.stringify(ids)}

def files(folder):
    return {str(file.relative_to(folder)): file.read_text() for file in sorted(pathlib.Path(folder).rglob("*")) if file.is_file()}

def seen_of(run):
    found = client.get_run(run)
    history = [[one.value, one.step, one.timestamp] for one in client.get_metric_history(run, "loss")]
    return [dict(found.info), found.data.to_dictionary(), history, files(mlflow.artifacts.download_artifacts(run_id=run))]

def seen_of_model(model):
    return [client.get_logged_model(model).to_dictionary(), files(mlflow.artifacts.download_artifacts(f"models:/{model}"))]

seen = {
    "experiments": [[one.experiment_id, one.name, one.lifecycle_stage] for one in client.search_experiments(view_type=1)],
    "runs": [seen_of(ids["kept"]["run"]), seen_of(ids["used"]["run"]), seen_of(ids["used"]["source"])],
    "models": [seen_of_model(ids["kept"]["model"]), seen_of_model(ids["used"]["model of source"])],
    "trace": mlflow.get_trace(ids["kept"]["trace"]).to_dict(),
    "versions": [
        files(mlflow.artifacts.download_artifacts(f"models:/production/{version}")) for version in (1, 2)
    ],
}
print("SEEN", json.dumps(seen, sort_keys=True, default=str))
`;

interface Ids {
  readonly kept: { readonly [what: string]: string };
  readonly gone: { readonly [what: string]: string };
  readonly used: { readonly [what: string]: string };
  readonly experiment: string;
}

const S3 = `
import boto3, json, os, sys
bucket = os.environ["MLFLOW_ARTIFACTS_DESTINATION"].removeprefix("s3://")
client = boto3.client("s3", endpoint_url=os.environ["MLFLOW_S3_ENDPOINT_URL"])
`;

// Each minute, and nothing here is 30 days old.
const stack = new Deployment("e2e-gc", 21830, { GC_SCHEDULE: "* * * * *" });
let ids: Ids;
let seen: string | undefined;
let restored: string;

const seenNow = async () => /^SEEN (.*)$/m.exec(await stack.python(READ(ids)))?.[1];

async function inServer(script: string): Promise<string> {
  return runOk("docker", ["exec", "-i", `${stack.id}-server`, "python", "-"], { input: script });
}

async function query(text: string): Promise<string> {
  const psql = ["psql", "-U", "mlflow", "-tAc", text];
  return (await runOk("docker", ["exec", `${stack.id}-postgres`, ...psql])).trim();
}

/** All keys of the bucket. */
async function keys(): Promise<string[]> {
  const pages = `client.get_paginator("list_objects_v2").paginate(Bucket=bucket)`;
  const printed = await inServer(
    `${S3}\nprint(json.dumps([one["Key"] for page in ${pages} for one in page.get("Contents", [])]))`,
  );
  return JSON.parse(printed) as string[];
}

async function put(names: string[]): Promise<void> {
  await inServer(
    `${S3}\nfor key in ${JSON.stringify(names)}: client.put_object(Bucket=bucket, Key=key, Body=b"leaked")`,
  );
}

const traceFile = (experiment = "", trace = "") => `${experiment}/traces/${trace}/artifacts/traces.json`;

const tables = ["runs", "experiments", "logged_models", "trace_info", "model_versions", "metrics", "tags", "spans"];
const counts = () => query(`select ${tables.map((name) => `(select count(*) from ${name})`).join(", ")}`);
const deletedRuns = async () => Number(await query("select count(*) from runs where lifecycle_stage = 'deleted'"));

beforeAll(async () => {
  await removeLeftovers(stack.id);
  await stack.commandOk(["up", "--yes"]);
  ids = JSON.parse(/^IDS (.*)$/m.exec(await stack.python(FILL))?.[1] ?? "") as Ids;
  // As clients write them that keep spans or attachments of traces in the bucket.
  await put([traceFile(ids.kept.experiment, ids.gone.trace), traceFile(ids.experiment, ids.gone["trace of it"])]);
  seen = await seenNow();
});

afterAll(() => removeLeftovers(stack.id));

test("A dry run lists what was deleted, and changes nothing", async () => {
  const before = [await counts(), await keys()];

  const none = JSON.parse(await stack.commandOk(["gc", "--dry-run", "--json"])) as Garbage;
  expect([none.runs, none.models, none.experiments, none.ownerless]).toEqual([[], [], [], []]);
  const found = JSON.parse(await stack.commandOk(["gc", "--dry-run", "--json", "--older-than", "0s"])) as Garbage;

  expect(found.runs).toHaveLength(MANY + 2);
  expect(found.runs).toContainEqual(expect.objectContaining({ id: ids.gone.run, name: "deleted run", objects: 1 }));
  expect(found.models.map(({ id }) => id).sort()).toEqual([ids.gone.model, ids.gone["model of it"]].sort());
  expect(found.experiments).toMatchObject([{ id: ids.experiment, name: "gone", traces: 1 }]);
  expect([found.traces, found.ownerless]).toEqual([1, []]);
  expect(found.objects).toBeGreaterThanOrEqual(MANY + 4);
  expect(found.kept.map(({ id, why }) => [id, why]).sort()).toEqual(
    [
      [ids.used.run, "a version of a registered model names it"],
      [ids.used.model, "a version of a registered model names it"],
      [ids.used.source, "a logged model of it stays"],
    ].sort(),
  );
  expect([await counts(), await keys()]).toEqual(before);
});

test("A holder of the lock is named, and nothing is deleted", async () => {
  const before = await counts();
  const hold = `begin; select pg_advisory_xact_lock(${ADVISORY_LOCK}); select pg_sleep(60)`;
  const psql = ["psql", "-U", "mlflow", "-c", hold];
  const holder = run("docker", [...["exec", "-e", "PGAPPNAME=mlflow-stack backup", `${stack.id}-postgres`, ...psql]]);
  await eventually("the lock is taken", 20, async () => {
    return (await query("select count(*) from pg_locks where locktype = 'advisory' and granted")) === "1";
  });

  const { code, stderr } = await stack.command(["gc", "--yes", "--older-than", "0s"]);

  expect([code, stderr]).toEqual([1, expect.stringContaining("'mlflow-stack backup' works on the stores, since")]);
  expect(await counts()).toBe(before);
  await query("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'");
  await holder;
});

/** Starts a garbage collection, and waits until it has deleted some runs. */
async function begin() {
  const before = await deletedRuns();
  const started = stack.start(["gc", "--yes", "--older-than", "0s"]);
  const watch = `until [ "$(psql -U mlflow -tAc "select count(*) from runs where lifecycle_stage = 'deleted'")" -lt ${before} ]; do :; done`;
  await runOk("docker", ["exec", `${stack.id}-postgres`, "timeout", "60", "sh", "-c", watch]);
  return started;
}

async function lockIsFree(): Promise<boolean> {
  return (await query("select count(*) from pg_locks where locktype = 'advisory'")) === "0";
}

/** Restores the run that is deleted last, in a transaction that ends when the garbage collection waits for its row. */
async function restore(): Promise<string> {
  const kept = `'${ids.used.run}', '${ids.used.source}'`;
  const last = await query(
    `select max(run_uuid) from runs where lifecycle_stage = 'deleted' and run_uuid not in (${kept})`,
  );
  const wait =
    "do $$ begin for tenth in 1..600 loop perform pg_sleep(0.1), pg_stat_clear_snapshot();" +
    " exit when exists (select from pg_stat_activity where wait_event_type = 'Lock'); end loop; end $$";
  await query(
    `begin; update runs set lifecycle_stage = 'active', deleted_time = null where run_uuid = '${last}'; ${wait}; commit`,
  );
  return last;
}

test("A garbage collection that was killed is finished by the next one, and a run that somebody restores stays", async () => {
  const first = await begin();
  process.kill(-first.pid, "SIGKILL");
  await first.end;
  // The program in the container sees that nobody waits for it.
  await eventually("the lock is free", 20, lockIsFree);
  const left = await deletedRuns();
  expect(left).toBeGreaterThan(10);

  const second = await begin();
  const program = `for one in /proc/[0-9]*; do case "$(tr '\\0' ' ' <$one/cmdline)" in *settings.pop*) [ $one = /proc/$$ ] || kill -9 "\${one#/proc/}";; esac; done 2>/dev/null; true`;
  await runOk("docker", ["exec", `${stack.id}-server`, "sh", "-c", program]);
  await second.end;
  await eventually("the lock is free", 20, lockIsFree);
  expect(await deletedRuns()).toBeGreaterThan(2);

  const restoring = restore();
  const { code, stdout, stderr } = await stack.command(["gc", "--yes", "--older-than", "0s"]);
  restored = await restoring;
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("Somebody has changed or uses 1 thing of the list by now, which stayed.");
  expect(stdout).toContain("No backups are made of this stack, so nothing brings this back.");
  expect(stdout).toMatch(/Deleted for good: 1 experiment, \d+ runs, \d models?, 1 trace, \d+ files of /);
});

test("What users deleted is gone from database and bucket, and all else is read back equal", async () => {
  const all = (await keys()).join("\n");
  const { trace, ...gone } = ids.gone;
  for (const id of Object.values(gone)) expect(all).not.toContain(id);
  expect(all.match(/.*many\.txt/g)).toEqual([`${ids.kept.experiment}/${restored}/artifacts/many.txt`]);
  expect(await deletedRuns()).toBe(2);
  const list = [...Object.values(ids.gone)].map((id) => `'${id}'`).join(", ");
  const rows = (table: string, column: string) => `(select count(*) from ${table} where ${column} in (${list}))`;
  expect(
    await query(
      `select ${rows("runs", "run_uuid")} + ${rows("metrics", "run_uuid")} + ${rows("logged_models", "model_id")}` +
        ` + ${rows("trace_info", "request_id")} + ${rows("spans", "trace_id")}` +
        ` + (select count(*) from experiments where experiment_id = ${ids.experiment})`,
    ),
  ).toBe("0");
  expect(await seenNow()).toBe(seen);

  // MLflow leaves the files of a trace that a user deleted. They lie in an experiment that exists, so they stay.
  const found = JSON.parse(await stack.commandOk(["gc", "--dry-run", "--json", "--older-than", "0s"])) as Garbage;
  expect(found.keptFiles).toEqual([
    expect.objectContaining({
      prefix: traceFile(ids.kept.experiment, trace).replace("traces.json", ""),
      why: "files without an owner, in an experiment that exists",
    }),
  ]);
});

/** Runs the program for which files of every age are old enough, with its input open until it has a result. */
async function collect<T>(settings: object, data = ""): Promise<T> {
  const program = collectorProgram().replace("YOUNG_FILES_SECONDS = 86400", "YOUNG_FILES_SECONDS = -60");
  expect(program).toContain("YOUNG_FILES_SECONDS = -60");
  const child = spawn("docker", ["exec", "-i", `${stack.id}-server`, "python", "-c", PYTHON_BOOTSTRAP]);
  child.stdin.write(pythonInput(program, { ...settings, lock: Number(ADVISORY_LOCK) }) + data);
  for await (const line of createInterface(child.stdout)) {
    const said = JSON.parse(line) as { result?: T; refused?: string };
    if (said.refused !== undefined) throw new Error(said.refused);
    if (said.result === undefined) continue;
    child.stdin.end();
    return said.result;
  }
  throw new Error("the program has no result");
}

test("Files that nobody owns are deleted after a day, if they have MLflow's form and nobody can own them", async () => {
  const one = "0123456789abcdef0123456789abcdef";
  const { experiment, kept } = ids;
  const leaked = [
    `${experiment}/${one}/artifacts/model/a b.txt`,
    `${experiment}/models/m-${one}/artifacts/MLmodel`,
    `${experiment}/traces/tr-${one}/artifacts/traces.json`,
    `workspaces/old/${experiment}/${one}/artifacts/x`,
  ];
  const others = [
    `${kept.experiment}/${one}/artifacts/x`,
    `${experiment}/${kept.run}/artifacts/x`,
    `workspaces/default/${experiment}/${one}/artifacts/x`,
    `999/${one}/artifacts/x`,
    `${experiment}/by-hand.txt`,
    "by/hand/x",
  ];
  const before = await keys();
  await put([...leaked, ...others]);

  const young = JSON.parse(await stack.commandOk(["gc", "--json", "--yes", "--older-than", "0s"])) as Garbage;
  expect(young.ownerless).toEqual([]);
  expect(young.keptFiles.filter(({ why }) => why.endsWith("younger than a day"))).toHaveLength(leaked.length);

  const found = await collect<Garbage>({ step: "list", olderThan: 0, check: true });
  const prefixes = found.ownerless.map(({ prefix }) => prefix);
  expect(prefixes.sort()).toEqual(leaked.map((key) => key.replace(/artifacts\/.*/, "artifacts/")).sort());
  const listed = { runs: [], models: [], experiments: [], traces: 0, ownerless: prefixes };
  const done = await collect<Collected>({ step: "delete", cutoff: found.cutoff }, `${JSON.stringify(listed)}\n`);
  expect(done).toMatchObject({ objects: leaked.length, changed: 0, failed: [], stopped: false });

  expect((await keys()).sort()).toEqual([...before, ...others].sort());
  expect(await seenNow()).toBe(seen);
});

test("The scheduler comes by its schedule, what is old enough goes, and the status tells", async () => {
  const service = (...words: string[]) => runOk("docker", ["exec", "-i", `${stack.id}-server-gc`, "python", ...words]);
  const { garbage } = JSON.parse(await stack.commandOk(["status", "--json"])) as { garbage: GcState };
  expect(garbage).toMatchObject({ schedule: "* * * * *", olderThanSeconds: 30 * 86_400 });
  expect(garbage.last).toMatchObject({ time: expect.any(String) });
  expect(garbage.last).not.toHaveProperty("message");

  const old = "(extract(epoch from now()) - 31 * 86400)::bigint * 1000";
  await query(`update runs set lifecycle_stage = 'deleted', deleted_time = ${old} where run_uuid = '${restored}'`);
  // The scheduler may have been faster.
  await service(GC_SERVICE_FILE, "run");
  expect(await query(`select count(*) from runs where run_uuid = '${restored}'`)).toBe("0");
  expect((await keys()).join("\n")).not.toContain(restored);
  expect(await deletedRuns()).toBe(2);
  expect(await stack.commandOk(["status"])).toMatch(
    /^Last garbage collection: .* ago\. (Deleted for good: |There was)/m,
  );

  // As cron has it, one of two given days is enough: 1 November 2026 is a Sunday.
  const days = `import sys; sys.path.insert(0, "/etc/mlflow/gc"); from service import times; from datetime import datetime
both, one = times("30 3 1 * 1"), times("30 3 * * 7")
print([[rule(datetime(2026, 11, day, 3, 30)) for day in (1, 2, 3)] for rule in (both, one)], both(datetime(2026, 11, 1, 3, 31)))`;
  expect((await service("-c", days)).trim()).toBe("[[True, True, False], [True, False, False]] False");
  expect(await stack.plan()).toEqual({});
});
