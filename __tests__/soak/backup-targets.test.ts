import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BackupList, BackupRun } from "../../lib/contract/backup";
import { BAD_TARGETS } from "../support/servers/bad-backup-targets";
import type { BackupPlaces } from "../support/servers/bad-backup-targets";
import { RIGHTS, S3Server, SshServer } from "../support/servers/backup-servers";
import { Deployment, removeLeftovers } from "../support/stacks/deployment";
import type { Variables } from "../support/stacks/deployment";

jest.setTimeout(30 * 60_000);

const variables = { BACKUP_PASSPHRASE: "a passphrase of the soak", BACKUP_SCHEDULE: "0 0 1 1 *" };
const stack = new Deployment("soak-targets-old", 21790, variables);
const other = new Deployment("soak-targets-new", 21792, variables);
const folder = mkdtempSync(join(tmpdir(), "mlflow-targets-"));
let places: BackupPlaces;

type TargetName = "S3" | "locked S3" | "SSH" | "folder" | "volume";
/** What a stack is given for each target. */
const targets = new Map<TargetName, Variables>();
/** Ids of the backups that a target has, the newest first. */
const made = new Map<TargetName, string[]>();
/** What a client saw when they were made. */
const seen = new Map<TargetName, string>();

const LOG = (experiment: string) => `
import mlflow, os
mlflow.set_experiment("${experiment}")
with mlflow.start_run() as run:
    mlflow.log_metric("rmse", 0.8)
    mlflow.log_text("first", "note.txt")
    open("/tmp/large.bin", "wb").write(os.urandom(5 << 20))
    mlflow.log_artifact("/tmp/large.bin")
print("RUN", run.info.run_id)
`;

const CHANGE = (runId: string) => `
import mlflow
client = mlflow.MlflowClient()
client.log_text("${runId}", "second", "note.txt")
client.log_metric("${runId}", "rmse", 0.1)
client.delete_experiment(client.get_run("${runId}").info.experiment_id)
mlflow.set_experiment("later")
with mlflow.start_run():
    mlflow.log_text("later", "later.txt")
`;

/** All that a client sees, with the content of every file. */
const READ = `
import hashlib, json, mlflow, pathlib
client = mlflow.MlflowClient()
seen = {}
for experiment in client.search_experiments():
    for run in client.search_runs([experiment.experiment_id]):
        folder = pathlib.Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id))
        files = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.rglob("*") if file.is_file()}
        seen[run.info.run_id] = [experiment.name, run.data.metrics, dict(sorted(files.items()))]
print("SEEN", json.dumps(seen, sort_keys=True))
`;

async function seenBy(deployment: Deployment): Promise<string> {
  return /^SEEN (.*)$/m.exec(await deployment.python(READ))?.[1] ?? "nothing";
}

async function json<T>(args: string[], settings: Variables): Promise<T> {
  return JSON.parse(await stack.commandOk([...args, "--json"], settings)) as T;
}

function settingsOf(target: TargetName): Variables {
  return targets.get(target) ?? {};
}

async function listed(target: TargetName): Promise<string[]> {
  const { backups } = await json<BackupList>(["backup", "list"], settingsOf(target));
  return backups.map(({ id }) => id);
}

const up = (deployment: Deployment, settings: Variables) =>
  deployment.commandOk(["up", "--yes", "--allow-access", "--allow-data-loss"], settings);

beforeAll(async () => {
  for (const { id } of [stack, other]) await removeLeftovers(id);
  chmodSync(folder, 0o777);
  const s3 = await S3Server.start("soak-targets-s3", 21794);
  const ssh = await SshServer.start("soak-targets-ssh", 21795);
  places = { s3, ssh, folder };
  const ofS3 = { BACKUP_TARGET_ENDPOINT: s3.endpoint };
  await s3.mc(["mb", "s/backups"]);
  await s3.mc(["mb", "--with-lock", "s/locked"]);
  await s3.mc(["retention", "set", "--default", "COMPLIANCE", "1d", "s/locked"]);
  targets.set("S3", {
    ...ofS3,
    ...(await s3.createUser("backups", "backups", RIGHTS.backups)),
    BACKUP_TARGET: "s3://backups/of/mlflow",
  });
  targets.set("locked S3", {
    ...ofS3,
    ...(await s3.createUser("locked", "locked", RIGHTS.backups)),
    BACKUP_TARGET: "s3://locked",
    BACKUP_KEEP: "hourly=1,daily=0,weekly=0,monthly=0",
  });
  targets.set("SSH", {
    BACKUP_TARGET: ssh.target(),
    BACKUP_SSH_KEY: await ssh.createKey(true),
    BACKUP_KNOWN_HOSTS: await ssh.knownHosts(),
  });
  targets.set("folder", { BACKUP_TARGET: `file://${folder}` });
  targets.set("volume", { BACKUP_TARGET: "volume:" });
});

afterAll(async () => {
  for (const deployment of [stack, other]) {
    await removeLeftovers(deployment.id);
    rmSync(deployment.folder, { recursive: true, force: true });
  }
  await Promise.all([places?.s3.remove(), places?.ssh.remove()]);
  rmSync(folder, { recursive: true, force: true });
});

describe.each<TargetName>(["volume", "folder", "S3", "SSH"])("A target of the kind %s", (target) => {
  let runId: string;
  let first: BackupRun;

  beforeAll(async () => {
    await up(stack, settingsOf(target));
    runId = /RUN (\w+)/.exec(await stack.python(LOG(`on ${target}`)))?.[1] ?? "";
    seen.set(target, await seenBy(stack));
  });

  test("has no backup at first, as the status says", async () => {
    expect(await stack.commandOk(["status"], settingsOf(target))).toMatch(/There is no backup in .* yet/);
    expect(await listed(target)).toEqual([]);
  });

  test("takes a backup, and another one without sending anything", async () => {
    first = await json<BackupRun>(["backup"], settingsOf(target));
    const again = await json<BackupRun>(["backup"], settingsOf(target));

    expect(seen.get(target)).toContain(runId);
    expect(first.newBytes).toBeGreaterThan(5 << 20);
    expect([again.newObjects, again.newBytes, again.warnings]).toEqual([0, 0, []]);
    made.set(target, [again.backup.id, first.backup.id]);
    expect(await listed(target)).toEqual(made.get(target));
  });

  test("can be read back byte by byte", async () => {
    const checked = await stack.commandOk(["backup", "check"], settingsOf(target));
    expect(checked).toContain("Everything can be read: 2 backups, ");
  });

  test("gives the old data back", async () => {
    await stack.python(CHANGE(runId));
    expect(await seenBy(stack)).not.toBe(seen.get(target));

    await stack.commandOk(["restore", "--at", first.backup.id, "--overwrite", "--yes"], settingsOf(target));

    expect(await seenBy(stack)).toBe(seen.get(target));
    expect(await stack.commandOk(["status"], settingsOf(target))).toMatch(/Last backup: .* ago .*; 2 in /);
  });
});

describe("A bucket with Object Lock", () => {
  test("keeps what the retention deletes, and later backups are good", async () => {
    await up(stack, settingsOf("locked S3"));
    const deleted: string[] = [];
    for (let count = 0; count < 7; count++) {
      const run = await json<BackupRun>(["backup"], settingsOf("locked S3"));
      expect(run.warnings).toEqual([]);
      deleted.push(...run.deleted);
    }
    expect(deleted.length).toBeGreaterThan(0);
    expect(await listed("locked S3")).toHaveLength(5);
    expect(await stack.commandOk(["backup", "check"], settingsOf("locked S3"))).toContain("Everything can be read: 5");
  });
});

describe.each(["folder", "SSH", "S3"] as const)("Of a target of the kind %s", (target) => {
  beforeAll(() => up(stack, settingsOf(target)));

  test.each(BAD_TARGETS.filter((bad) => bad.target === target))("that $what, an error says so soon", async (bad) => {
    const settings = { ...settingsOf(target), ...(await bad.settings?.(places)) };
    if (bad.settings) await up(stack, settings);
    await bad.breaks?.(places);
    const begun = Date.now();

    const refused = await stack.command(["backup"], settings);
    const seconds = (Date.now() - begun) / 1000;
    const list = await stack.command(["backup", "list"], settings);
    await bad.mends?.(places);

    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(bad.says)]);
    expect(list.code).toBe(bad.isReadable ? 0 : 1);
    expect(seconds).toBeLessThan(60);
  });

  test("every backup stays and can be read", async () => {
    await up(stack, settingsOf(target));

    expect(await listed(target)).toEqual(made.get(target));
    expect(await stack.commandOk(["backup", "check"], settingsOf(target))).toContain("Everything can be read: 2");
  });
});

describe("From nothing, under another id,", () => {
  beforeAll(() => removeLeftovers(stack.id));

  test.each<TargetName>(["S3", "SSH"])("a target of the kind %s gives the old platform", async (target) => {
    // One of the server's keys is enough.
    const oneKey = target === "SSH" && { BACKUP_KNOWN_HOSTS: await places.ssh.knownHosts(["-t", "ed25519"]) };
    const settings = { ...settingsOf(target), ...oneKey };
    await up(other, settings);
    const at = ["--from-stack", stack.id, "--at", made.get(target)?.[0] ?? ""];

    await other.commandOk(["restore", ...at, "--overwrite", "--yes"], settings);

    expect(await seenBy(other)).toBe(seen.get(target));
  });
});
