import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BackupDrill, BackupList, BackupRestore, BackupRun } from "../../lib/contract/backup";
import { Deployment, removeLeftovers } from "../support/stacks/deployment";
import { inspect, runOk } from "../support/run";

jest.setTimeout(10 * 60_000);

const PASSPHRASE = "a passphrase of the tests";
// A folder that the service's user may write to, as a mounted drive is.
const target = mkdtempSync(join(tmpdir(), "mlflow-backups-"));
const variables = { BACKUP_TARGET: `file://${target}`, BACKUP_PASSPHRASE: PASSPHRASE, BACKUP_SCHEDULE: "0 0 1 1 *" };
const stack = new Deployment("e2e-backup", 21710, variables);
const other = new Deployment("e2e-backup-other", 21712, variables);

const LOG = `
import mlflow, pathlib
mlflow.set_experiment("kept")
with mlflow.start_run() as run:
    mlflow.log_metric("rmse", 0.8)
    mlflow.log_text("first", "note.txt")
    pathlib.Path("/tmp/large.bin").write_bytes(bytes(range(256)) * 40000)
    mlflow.log_artifact("/tmp/large.bin")
client = mlflow.MlflowClient()
client.create_registered_model("kept")
client.create_model_version("kept", run.info.artifact_uri, run.info.run_id)
print("RUN", run.info.run_id)
`;

/** Deletes, overwrites and adds. */
const CHANGE = (runId: string) => `
import mlflow
client = mlflow.MlflowClient()
client.log_text("${runId}", "second", "note.txt")
client.delete_registered_model("kept")
client.log_metric("${runId}", "rmse", 0.1)
mlflow.set_experiment("later")
with mlflow.start_run():
    mlflow.log_text("later", "later.txt")
`;

const DELETE_FILE = (runId: string) => `
import mlflow
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
get_artifact_repository(mlflow.MlflowClient().get_run("${runId}").info.artifact_uri).delete_artifacts("note.txt")
`;

/** All that a client sees, with the content of every file. */
const READ = `
import hashlib, json, mlflow, pathlib
client = mlflow.MlflowClient()
seen = {"models": sorted(model.name for model in client.search_registered_models()), "runs": {}}
for experiment in client.search_experiments():
    for run in client.search_runs([experiment.experiment_id]):
        folder = pathlib.Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id))
        files = {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.rglob("*") if file.is_file()}
        seen["runs"][run.info.run_id] = [experiment.name, run.data.metrics, dict(sorted(files.items()))]
print("SEEN", json.dumps(seen, sort_keys=True))
`;

/** MLflow's own code, as the server runs it, with what the server encrypts with. */
const AS_THE_SERVER = `
import os, re
for name, value in re.findall(r"^(\\w+)='(.*)'$", open("/run/secrets/mlflow.env").read(), re.M):
    os.environ[name] = value
from mlflow.store.model_registry.dbmodels.models import SqlWebhook
from mlflow.store.tracking.dbmodels.models import SqlGatewaySecret
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
store = SqlAlchemyStore("postgresql+psycopg2:///?service=mlflow", "mlflow-artifacts:/")
`;

const ENCRYPT = `${AS_THE_SERVER}
store.create_gateway_secret("openai", {"api_key": "sk-of-a-provider"}, "openai")
with store.ManagedSessionMaker(read_only=False) as session:
    session.add(SqlWebhook(webhook_id="alerts", name="alerts", url="https://hooks.example.com", secret="of-a-webhook"))
`;

const DECRYPT = `${AS_THE_SERVER}
with store.ManagedSessionMaker() as session:
    webhooks = [webhook.secret for webhook in session.query(SqlWebhook)]
    ids = [secret.secret_id for secret in session.query(SqlGatewaySecret)]
print(webhooks, [store._get_decrypted_secret(one) for one in ids])
`;

/**
 * Waits in the service for a process whose command line begins with `$0`, for two minutes at most, and `$1` seconds
 * more. Then it kills that process, if `$2` says so. From outside, a process that ends within a second is missed.
 */
const WATCH = `
end=$(($(date +%s) + 120))
while [ "$(date +%s)" -lt $end ]; do
  for process in /proc/[0-9]*; do
    case "$(tr '\\0' ' ' 2>/dev/null <$process/cmdline)" in
      "$0"*) sleep "$1"; [ "$2" = false ] || kill -9 "\${process#/proc/}"; exit 0 ;;
    esac
  done
done
exit 1`;

const seenIn = (printed: string) => /^SEEN (.*)$/m.exec(printed)?.[1];

async function json<T>(args: string[]): Promise<T> {
  return JSON.parse(await stack.commandOk([...args, "--json"])) as T;
}

/** Kills a command once its program works in the service. The program itself is killed as well, if `both`. */
async function kill(args: string[], milliseconds: number, both: boolean): Promise<void> {
  const program = `mlflow-backup ${args[0] === "backup" ? "run" : args[0]}`;
  const watch = ["sh", "-c", WATCH, program, String(milliseconds / 1000), String(both)];
  const watched = runOk("docker", ["exec", `${stack.id}-backup`, ...watch]);
  const { pid, end } = stack.start(args);
  await watched;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // A command whose program was killed ends by itself.
    if (!both || (error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
  await end;
}

let first: BackupRun;
let runId: string;
let seenFirst: string | undefined;

beforeAll(async () => {
  chmodSync(target, 0o777);
  await removeLeftovers(stack.id);
  await stack.commandOk(["up", "--yes", "--allow-access"]);
  runId = /RUN (\w+)/.exec(await stack.python(LOG))?.[1] ?? "";
  seenFirst = seenIn(await stack.python(READ));
  await runOk("docker", ["exec", `${stack.id}-server`, "python", "-c", ENCRYPT]);
});

afterAll(async () => {
  for (const { id, folder } of [stack, other]) {
    await removeLeftovers(id);
    rmSync(folder, { recursive: true, force: true });
  }
  rmSync(target, { recursive: true, force: true });
});

describe("Backups of a deployed stack", () => {
  test("say in the status that there is none yet", async () => {
    expect(await stack.commandOk(["status"])).toContain(`There is no backup in the folder ${target} yet`);
  });

  test("are made, and again without sending anything", async () => {
    first = await json<BackupRun>(["backup"]);
    const again = await json<BackupRun>(["backup"]);

    expect(seenFirst).toContain(runId);
    expect(first.backup).toMatchObject({ stack: stack.id, rows: expect.objectContaining({ runs: 1 }) });
    expect(first.newObjects).toBeGreaterThan(1);
    expect(first.newBytes).toBeGreaterThan(10_000_000);
    expect([again.newObjects, again.newBytes]).toEqual([0, 0]);
    expect(again.backup.objects).toBe(first.backup.objects);
  });

  test("are listed, checked and proven by a drill, and the status tells", async () => {
    await stack.python(CHANGE(runId));
    await stack.commandOk(["backup"]);

    const { backups } = await json<BackupList>(["backup", "list"]);
    expect(backups).toHaveLength(3);
    expect(backups.at(-1)?.id).toBe(first.backup.id);
    expect(await stack.commandOk(["backup", "list"])).toContain(first.backup.id);
    expect(await stack.commandOk(["backup", "check"])).toContain("Everything can be read: 3 backups, ");
    const drill = await json<BackupDrill>(["drill"]);
    expect(drill.differences).toEqual([]);
    expect(drill.objects).toBeGreaterThan(2);
    const status = await stack.commandOk(["status"]);
    expect(status).toMatch(/Last backup: .* ago/);
    expect(status).toMatch(/Last drill: .* ago, which read everything back in /);
  });

  test("give the old data back: the client reads what it had written, and nothing else", async () => {
    const seenLater = seenIn(await stack.python(READ));
    expect(seenLater).not.toBe(seenFirst);
    const refused = await stack.command(["restore", "--at", first.backup.id]);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("There is no terminal to ask on.")]);
    const occupied = await stack.command(["restore", "--at", first.backup.id, "--yes"]);
    expect([occupied.code, occupied.stderr]).toEqual([2, expect.stringContaining("--overwrite")]);
    expect(seenIn(await stack.python(READ))).toBe(seenLater);

    const restored = await stack.commandOk(["restore", "--at", first.backup.id, "--overwrite", "--yes"]);

    expect(restored).toContain(`Stack '${stack.id}' has the data of ${first.backup.id}.`);
    const seen = JSON.parse(seenIn(await stack.python(READ)) ?? "{}");
    // What the checks of a client leave is an experiment without runs.
    expect(JSON.stringify(seen)).toBe(JSON.stringify(JSON.parse(seenFirst ?? "")));
    expect(await stack.plan({ TF_VAR_backup_passphrase: PASSPHRASE })).toEqual({});
    expect(await stack.commandOk(["status"])).not.toContain("has not ended");
  });

  test("give back the files of one run or model, and what differs only if told", async () => {
    const only = (...words: string[]) => ["restore", "--at", first.backup.id, ...words];
    await stack.python(DELETE_FILE(runId));
    const unclear = await Promise.all(
      [
        ["--only-run", "a".repeat(32)],
        ["--only-run", ""],
        ["--only-run", runId, "--only-model", "kept"],
      ].map((words) => stack.command(only(...words, "--yes"))),
    );
    expect(unclear.map(({ code }) => code)).toEqual([1, 1, 1]);
    expect(unclear[0]?.stderr).toContain("neither the database nor the backup has a run");

    const restored = await json<BackupRestore>(only("--only-run", runId, "--yes"));
    expect(restored).toMatchObject({ written: 1, replaced: 0, unchanged: 1, others: 0 });
    expect(seenIn(await stack.python(`${READ}\nclient.log_text("${runId}", "second", "note.txt")`))).toBe(seenFirst);

    const refused = await stack.command(only("--only-model", "kept", "--yes"));
    expect(`${refused.code} ${refused.stderr}`).toMatch(
      /^2 [^]*other content for 1 of the files[^]*note\.txt[^]*--overwrite/,
    );
    const replaced = await json<BackupRestore>(only("--only-model", "kept", "--overwrite"));
    expect(replaced).toMatchObject({ written: 1, replaced: 1, unchanged: 1 });
    expect(seenIn(await stack.python(READ))).toBe(seenFirst);
  });

  test("are made one at a time", async () => {
    const both = await Promise.all([stack.command(["backup"]), stack.command(["backup"])]);

    const refused = both.filter(({ code }) => code !== 0);
    expect(refused.length).toBeLessThanOrEqual(1);
    for (const { stderr } of refused) expect(stderr).toContain("another backup, restore, migration");
  });
});

describe("After a kill", () => {
  test.each([150])("of a backup after %d ms, the next one is good", async (milliseconds) => {
    await kill(["backup"], milliseconds, true);

    await stack.commandOk(["backup"]);
    expect(await stack.commandOk(["backup", "check"])).toContain("Everything can be read");
  });

  test("the backup that is restored from now on is the newest", async () => {
    first = await json<BackupRun>(["backup"]);
    seenFirst = seenIn(await stack.python(READ));
  });

  test.each([
    [0, true],
    [300, false],
  ])("of a restore after %d ms, the status says so and the next one ends", async (milliseconds, both) => {
    const args = ["restore", "--at", first.backup.id, "--overwrite", "--yes"];
    await kill(args, milliseconds, both);

    expect(await stack.commandOk(["status"])).toContain(`A restore of ${first.backup.id}`);
    expect(await inspect(`${stack.id}-server`, "{{.State.Status}}")).toBe("exited");

    await stack.commandOk(args);
    expect(seenIn(await stack.python(READ))).toBe(seenFirst);
    expect(await stack.commandOk(["status"])).not.toContain("has not ended");
  });
});

describe("From nothing", () => {
  beforeAll(async () => {
    await stack.destroy();
    await other.commandOk(["up", "--yes", "--allow-access"]);
  });

  test("a stack of another id and url says whose backups there are, and restores them", async () => {
    const refused = await other.command(["backup", "list"]);
    expect(`${refused.code} ${refused.stderr}`).toMatch(/^1 [^]*--from-stack/);

    const restored = await other.commandOk(["restore", "--from-stack", stack.id, "--at", first.backup.id, "--yes"]);

    expect(restored).toContain("2 secrets of webhooks and of the AI gateway got the new");
    expect(await runOk("docker", ["exec", `${other.id}-server`, "python", "-c", DECRYPT])).toContain(
      "['of-a-webhook'] [{'api_key': 'sk-of-a-provider'}]",
    );
    expect(seenIn(await other.python(READ))).toBe(seenFirst);
    expect(await other.plan({ TF_VAR_backup_passphrase: PASSPHRASE })).toEqual({});
  });

  test("another passphrase is told as that, and not as an empty target", async () => {
    const wrong = { BACKUP_PASSPHRASE: "another passphrase of the tests" };
    await other.commandOk(["up", "--yes", "--allow-access"], wrong);

    const { code, stderr } = await other.command(["backup", "list"], wrong);
    expect(`${code} ${stderr}`).toMatch(/^1 [^]*another passphrase/);
    await other.commandOk(["up", "--yes", "--allow-access"]);
  });

  test("damage in the target is found, and the files that it reaches are named", async () => {
    // kopia keeps the content of files in packs whose names begin with a 'p'.
    const packs = (readdirSync(target, { recursive: true }) as string[])
      .filter((name) => name.startsWith("p") && statSync(join(target, name)).isFile())
      .map((name) => join(target, name));
    for (const pack of packs) {
      const content = readFileSync(pack);
      for (let at = 0; at < content.length; at += 1024) content.writeUInt8(content.readUInt8(at) ^ 1, at);
      writeFileSync(pack, content);
    }

    const { code, stdout, stderr } = await other.command(["backup", "check", "--from-stack", stack.id]);

    expect([code, stderr]).toEqual([2, expect.stringContaining("cannot be read")]);
    expect(stdout).toContain("large.bin");
  });
});
