import { rmSync, writeFileSync } from "node:fs";
import { RELEASES } from "../../lib/values/releases";
import { FILL, READ, fillByOldMlflow, previousMlflow, seen } from "../support/servers/old-mlflow";
import { Deployment, removeLeftovers } from "../support/stacks/deployment";
import { eventually, inspect, run, runOk } from "../support/run";

jest.setTimeout(15 * 60_000);

const stack = new Deployment("e2e-upgrade", 21720);
const { id } = stack;

async function ask(of: string, sql: string): Promise<string> {
  return (await runOk("docker", ["exec", `${of}-postgres`, "psql", "-tA", "-U", "mlflow", "-c", sql])).trim();
}

function revision(of = id): Promise<string> {
  return ask(of, "select version_num from alembic_version");
}

let before: string;
let oldRevision: string;

describe(`A stack with the data of MLflow ${RELEASES.mlflow.old.version}`, () => {
  beforeAll(async () => {
    await removeLeftovers(id);
    await stack.commandOk(["up", "--yes"]);
    before = await fillByOldMlflow(id);
    oldRevision = await revision();
  });

  afterAll(async () => {
    await removeLeftovers(id);
    rmSync(stack.folder, { recursive: true, force: true });
  });

  test("is not served before the database is migrated, and the server changes nothing in it", async () => {
    await runOk("docker", ["start", `${id}-server`]);

    await eventually("the server refuses the old schema", 60, async () => {
      const { stdout, stderr } = await run("docker", ["logs", "--since", "60s", `${id}-server`]);
      return (stdout + stderr).includes("The schema of the database is older than this MLflow");
    });
    expect(await revision()).toBe(oldRevision);
  });

  test("is migrated before the new server starts, and a client reads all of it", async () => {
    const image = await inspect(`${id}-server`, "{{.Image}}");
    // Another image is what makes the migration job run again. This one is the pinned release under another name.
    const name = `localhost/cdktf-mlflow/${id}:99.0.0`;
    await runOk("docker", ["build", "--tag", name, "-"], {
      input: `FROM ${image}\nLABEL release=next\n`,
      env: { DOCKER_BUILDKIT: "0" },
    });

    await stack.commandOk(["up", "--yes"], { MLFLOW_IMAGE: name });

    expect(await revision()).not.toBe(oldRevision);
    expect(await inspect(`${id}-server`, "{{.Config.Image}}")).toBe(
      await inspect(`${id}-server-migration`, "{{.Config.Image}}"),
    );
    expect(await inspect(`${id}-server`, "{{.Image}}")).not.toBe(image);
    const migrated = new Date(await inspect(`${id}-server-migration`, "{{.State.FinishedAt}}"));
    const started = new Date(await inspect(`${id}-server`, "{{.State.StartedAt}}"));
    expect(migrated.getTime()).toBeLessThan(started.getTime());
    expect(seen(await stack.python(READ))).toEqual(before);
    expect(await stack.plan({ MLFLOW_IMAGE: name })).toEqual({});
  });

  test("cannot go back to an MLflow that no job has noted, and loses nothing by trying", async () => {
    const migrated = await revision();
    const { code, stderr } = await stack.command(["rollback", "--yes"], {
      MLFLOW_IMAGE: `localhost/cdktf-mlflow/${id}:99.0.0`,
    });

    expect(code).not.toBe(0);
    expect(stderr).toContain("the dump 000001 does not tell which MLflow it is of");
    expect(await revision()).toBe(migrated);
  });
});

const returning = new Deployment("e2e-rollback", 21721);

describe(`A stack of MLflow ${RELEASES.mlflow.previous}`, () => {
  const { id: name } = returning;
  const previous = { MLFLOW_IMAGE: `localhost/cdktf-mlflow/${name}:${RELEASES.mlflow.previous}` };
  const job = `${name}-server-dump`;
  let image: string;
  let logged: string;
  let schema: string;

  /** Keeps whatever reads or drops a table waiting while `work` runs. */
  async function whileLocked(work: () => Promise<void>): Promise<void> {
    const sql = "begin; lock table experiments in access exclusive mode; select pg_sleep(600)";
    await runOk("docker", ["exec", "-d", `${name}-postgres`, "psql", "-U", "mlflow", "-c", sql]);
    try {
      await work();
    } finally {
      await ask(
        name,
        "select pg_terminate_backend(pid) from pg_stat_activity where query like 'begin; lock table exp%'",
      );
    }
  }

  const waiting = () => ask(name, "select count(*) from pg_stat_activity where wait_event_type = 'Lock'");

  beforeAll(async () => {
    await removeLeftovers(name);
    const built = await previousMlflow();
    image = (await runOk("docker", ["image", "inspect", "-f", "{{.Id}}", built])).trim();
    await runOk("docker", ["tag", built, previous.MLFLOW_IMAGE]);
    await returning.commandOk(["up", "--yes"], previous);
    await returning.python(FILL);
    logged = seen(await returning.python(READ));
    schema = await revision(name);
  });

  afterAll(async () => {
    await removeLeftovers(name);
    rmSync(returning.folder, { recursive: true, force: true });
  });

  test("is not migrated if the dump is killed, and the half of it is no dump", async () => {
    await whileLocked(async () => {
      const deploying = returning.command(["up", "--yes"]);
      await eventually("the dump waits for a table", 180, async () => Number(await waiting()) > 0);
      await runOk("docker", ["kill", job]);
      const { code, stdout, stderr } = await deploying;
      expect(code).not.toBe(0);
      expect(stdout).toContain(`MLflow goes from '${RELEASES.mlflow.previous}' to`);
      expect(stderr).toContain("The database could not be dumped, so it was not migrated");
    });

    expect(await revision(name)).toBe(schema);
  });

  test("is dumped and migrated by the next attempt, which names the way back", async () => {
    const said = await returning.commandOk(["up", "--yes"]);

    expect(said).toMatch(/Last dump of the database: .* before MLflow .* became .* To go back: .* rollback/);
    expect(await revision(name)).not.toBe(schema);
    expect(seen(await returning.python(READ))).toBe(logged);
    expect(await returning.plan()).toEqual({});
    const { dumps } = JSON.parse(await returning.commandOk(["status", "--json"])) as { dumps: { dumps: object[] } };
    expect(dumps.dumps).toEqual([
      expect.objectContaining({
        id: "000001",
        revision: schema,
        from: { image: previous.MLFLOW_IMAGE, id: image, version: RELEASES.mlflow.previous },
      }),
    ]);
    await returning.python(
      "import mlflow\nmlflow.set_experiment('of an old server')\nmlflow.start_run(run_name='later')",
    );
  });

  test("does not go back without a yes", async () => {
    const { code, stderr } = await returning.command(["rollback"]);

    expect(code).not.toBe(0);
    expect(stderr).toContain("Answer with --yes");
    expect(await inspect(`${name}-server`, "{{.State.Status}}")).toBe("running");
  });

  test("keeps its database if the rollback is killed before the end, and status says so", async () => {
    const migrated = await revision(name);
    await whileLocked(async () => {
      const { pid, end } = returning.start(["rollback", "--yes"]);
      await eventually("the rollback waits for a table", 180, async () => Number(await waiting()) > 0);
      process.kill(-pid, "SIGKILL");
      await runOk("docker", ["kill", job]);
      await end;
    });

    expect(await revision(name)).toBe(migrated);
    const said = await returning.commandOk(["status"]);
    expect(said).toMatch(/A rollback to the dump 000001 .* has not ended\. The database is as it was before\./);
  });

  test("is migrated by nobody between the restored dump and the old server", async () => {
    // What a command does that is killed right after the restore.
    const request = `${returning.folder}/request`;
    writeFileSync(request, `000001 ${Math.floor(Date.now() / 1000)}\n`, { mode: 0o644 });
    await runOk("docker", ["cp", request, `${job}:/tmp/rollback`]);
    await runOk("docker", ["start", "--attach", job]);
    expect(await revision(name)).toBe(schema);

    const { code, stderr } = await run("docker", ["start", "--attach", `${name}-server-migration`]);
    expect(code).toBe(3);
    expect(stderr).toContain("A rollback of the database to the dump 000001");
    expect(await revision(name)).toBe(schema);
    expect(await returning.commandOk(["status"])).toContain("has not ended. The database is that of the dump.");
  });

  test("is finished by the next rollback, with the image that ran before, although its name has moved", async () => {
    await runOk("docker", ["tag", await inspect(`${name}-server`, "{{.Image}}"), previous.MLFLOW_IMAGE]);

    const said = await returning.commandOk(["rollback", "--yes"]);

    const kept = `${previous.MLFLOW_IMAGE}-${image.replace("sha256:", "").slice(0, 12)}`;
    expect(said).toContain(`MLFLOW_IMAGE=${kept}`);
    expect(await inspect(`${name}-server`, "{{.Image}}")).toBe(image);
    expect(await revision(name)).toBe(schema);
    expect(seen(await returning.python(READ))).toBe(logged);
    expect(await returning.commandOk(["status"], { MLFLOW_IMAGE: kept })).not.toContain("has not ended");
    expect(await returning.plan({ MLFLOW_IMAGE: kept })).toEqual({});
    // A second one has nothing to do.
    expect((await returning.command(["rollback", "--yes"], { MLFLOW_IMAGE: kept })).stderr).toContain("restored");
  });

  test("is upgraded again, not without a word", async () => {
    const { code, stdout, stderr } = await returning.command(["up", "--yes"]);

    expect({ code, stdout: code === 0 ? "" : stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr).toMatch(/Warning: This stack was rolled back .* ago to MLflow/);
    expect(await revision(name)).not.toBe(schema);
    expect(seen(await returning.python(READ))).toBe(logged);
  });
});
