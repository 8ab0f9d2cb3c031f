import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RELEASES } from "../../lib/values/releases";
import { COMPILED } from "../support/compiled";
import { NODE_TYPESCRIPT, REPOSITORY } from "../support/repository";
import { offlineSettings, removeLeftovers } from "../support/stacks/deployment";
import { eventually, inspect, run, runOk } from "../support/run";

jest.setTimeout(5 * 60_000);

const ID = "e2e-own";
const folder = mkdtempSync(join(tmpdir(), "mlflow-e2e-own-"));
const data = join(folder, "data");
const RESTART_SECONDS = 15;

/** Two of the constructs, one by one, in a stack of somebody's own, with their data on folders of the host. */
const APP = `
import { DockerProvider } from "@cdktf/provider-docker/lib/provider";
import { RandomProvider } from "@cdktf/provider-random/lib/provider";
import { App, LocalBackend, TerraformStack } from "cdktf";
import { ContainerNetwork, Duration, MinioStore, PostgresStore, ProviderVersions, ServiceImage } from "${COMPILED}/lib";

const image = (name: string) => (process.env[name] ? ServiceImage.registry(process.env[name] ?? "") : undefined);
const app = new App();
const stack = new TerraformStack(app, "${ID}");
new LocalBackend(stack, { path: "../../../terraform.tfstate" });
new DockerProvider(stack, "docker");
new RandomProvider(stack, "random");
ProviderVersions.pin(stack);
const network = new ContainerNetwork(stack, "network");
new PostgresStore(stack, "postgres", {
  network,
  image: image("POSTGRES_IMAGE"),
  dataVolume: { hostPath: "${data}/postgres" },
  healthCheck: { interval: Duration.seconds(2), restartAfter: Duration.seconds(${RESTART_SECONDS}), retries: 3 },
});
new MinioStore(stack, "minio", { network, image: image("MINIO_IMAGE"), dataVolume: { hostPath: "${data}/minio" } });
app.synth();
`;

describe("Constructs in an app of one's own", () => {
  const stackFolder = join(folder, "cdktf.out", "stacks", ID);
  const terraform = async (...args: string[]) =>
    run("terraform", [...args, "-input=false", "-no-color"], { cwd: stackFolder, env: await offlineSettings() });

  beforeAll(async () => {
    await removeLeftovers(ID);
    for (const name of ["postgres", "minio"]) {
      mkdirSync(join(data, name), { recursive: true });
      // whoever the service's user is: both make a folder of their own in it.
      chmodSync(join(data, name), 0o1777);
    }
    // in the repository's reach, where its packages are found.
    const main = join(REPOSITORY, "cdktf.out", `${ID}.ts`);
    mkdirSync(join(REPOSITORY, "cdktf.out"), { recursive: true });
    writeFileSync(main, APP);
    const [node = "", ...loader] = NODE_TYPESCRIPT;
    await runOk(node, [...loader, main], {
      cwd: folder,
      env: { ...(await offlineSettings()), CDKTF_OUTDIR: join(folder, "cdktf.out") },
    });
    rmSync(main);
  });

  afterAll(async () => {
    await removeLeftovers(ID);
    rmSync(folder, { recursive: true, force: true });
  });

  test("are deployed by Terraform alone, with their data on the folders", async () => {
    expect(await terraform("init")).toMatchObject({ code: 0, stderr: "" });
    expect(await terraform("apply", "-auto-approve")).toMatchObject({ code: 0, stderr: "" });

    expect(await runOk("find", [data, "-maxdepth", "4", "-name", "PG_VERSION"])).toContain(
      `${data}/postgres/${RELEASES.postgres.default}/docker/`,
    );
    expect(await runOk("find", [data, "-maxdepth", "2", "-name", "mlflow"])).toBe(`${data}/minio/mlflow\n`);
  });

  test("are asked every 2 seconds until they are healthy, and every 10 seconds from then on", async () => {
    const times = async () => {
      const log = JSON.parse(await inspect(`${ID}-minio`, "{{json .State.Health.Log}}")) as { Start: string }[];
      return log.map(({ Start: start }) => Date.parse(start) / 1000);
    };

    const [one = 0, two = 0] = await eventually("five checks have ended", 60, async () => {
      const all = await times();
      return all.length === 5 && all.slice(-2);
    });
    expect(two - one).toBeGreaterThan(9);
    expect(two - one).toBeLessThan(20);
  });

  describe("restart a service that hangs", () => {
    const database = `${ID}-postgres`;
    const failures = async () => Number(await inspect(database, "{{.State.Health.FailingStreak}}"));
    /** Ids of its processes on this host, without the engine's init. */
    const processes = async () => {
      const shown = await runOk("docker", ["top", database, "-eo", "pid"]);
      const init = Number(await inspect(database, "{{.State.Pid}}"));
      return shown
        .trim()
        .split("\n")
        .slice(1)
        .map(Number)
        .filter((id) => id !== init);
    };
    const signal = (ids: number[], name: NodeJS.Signals) => ids.forEach((id) => process.kill(id, name));

    test("but none that is only slow", async () => {
      const stopped = await processes();
      signal(stopped, "SIGSTOP");
      await eventually("a check fails", RESTART_SECONDS, async () => (await failures()) > 0);
      signal(stopped, "SIGCONT");

      await eventually("it is healthy", 30, async () => (await failures()) === 0);
      expect(await inspect(database, "{{.RestartCount}}")).toBe("0");
      expect(await processes()).toEqual(expect.arrayContaining(stopped.slice(0, 1)));
    });

    test("and lose nothing", async () => {
      const sql = (text: string) =>
        runOk("docker", ["exec", database, "psql", "-U", "mlflow", "-Atc", text]).then((answer) => answer.trim());
      await sql("create table kept as select 42 as answer");
      signal(await processes(), "SIGSTOP");

      await eventually(
        "it is restarted",
        4 * RESTART_SECONDS,
        async () => (await inspect(database, "{{.RestartCount}}")) === "1",
      );
      await eventually(
        "it is healthy",
        60,
        async () => (await inspect(database, "{{.State.Health.Status}}")) === "healthy",
      );
      expect(await sql("select answer from kept")).toBe("42");
    });
  });

  test("do not change in a second plan", async () => {
    expect(await terraform("plan", "-detailed-exitcode")).toMatchObject({ code: 0 });
  });

  test("are removed by Terraform alone, and leave the folders", async () => {
    expect(await terraform("destroy", "-auto-approve")).toMatchObject({ code: 0, stderr: "" });

    expect(await runOk("find", [data, "-maxdepth", "4", "-name", "PG_VERSION"])).toContain("PG_VERSION");
  });
});
