import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RELEASES } from "../../lib/values/releases";
import { blocksOf } from "../support/docs/pages";
import { Deployment, NODE_TYPESCRIPT, REPOSITORY, removeLeftovers } from "../support/stacks/deployment";
import { eventually, run, runOk } from "../support/run";

jest.setTimeout(20 * 60_000);

const PORT = 18080;
const SERVICES = ["gateway", "server", "postgres", "minio"];
const stack = new Deployment("e2e", PORT);

/** The README's example. */
const EXAMPLE = `${blocksOf("README.md", "python")[0]}
print("PREDICTED", loaded.predict([[0], [3]]).tolist(), mlflow.last_active_run().info.run_id)
`;

async function containerNames(prefix: string): Promise<string[]> {
  const names = await runOk("docker", ["ps", "--all", "--format", "{{.Names}}"]);
  return names
    .split("\n")
    .filter((name) => name.startsWith(`${prefix}-`))
    .sort();
}

async function inspect(container: string, format: string): Promise<string> {
  return (await runOk("docker", ["inspect", "--format", format, container])).trim();
}

async function healthy(): Promise<boolean> {
  for (const service of SERVICES) {
    if ((await inspect(`${stack.id}-${service}`, "{{.State.Health.Status}}")) !== "healthy") return false;
  }
  return (await stack.fetch("/api/2.0/mlflow/experiments/get?experiment_id=0")).status === 200;
}

/** Sensitive values of a state: what must not be found anywhere else. */
function secretsOf(deployment: Deployment): string[] {
  return deployment
    .state()
    .resources.filter(({ type }) => /^random_(password|bytes)$/.test(type))
    .flatMap(({ instances }) =>
      instances.flatMap(({ attributes }) => [attributes.result, attributes.bcrypt_hash, attributes.base64]),
    )
    .filter((value): value is string => typeof value === "string" && value.length >= 8);
}

/** Id of a new run, where the server acknowledges one. */
async function createRun(): Promise<string | undefined> {
  const run = { experiment_id: "0", start_time: Date.now(), tags: [{ key: "writer", value: "e2e" }] };
  const answer = await stack.fetch("/api/2.0/mlflow/runs/create", {
    method: "POST",
    body: JSON.stringify(run),
    headers: { "Content-Type": "application/json" },
  });
  if (answer.status !== 200) return undefined;
  return ((await answer.json()) as { run: { info: { run_id: string } } }).run.info.run_id;
}

/** Logs runs one after the other until it is stopped; tells which ones the server acknowledged. */
function startWriter() {
  const acknowledged: string[] = [];
  let stopped = false;
  const done = (async () => {
    while (!stopped) {
      // a call that breaks off, in the middle of its answer too, is not acknowledged.
      const id = await createRun().catch(() => undefined);
      if (id !== undefined) acknowledged.push(id);
    }
  })();
  return {
    acknowledged,
    stop: async () => {
      stopped = true;
      await done;
    },
  };
}

async function missingRuns(runIds: string[]): Promise<string[]> {
  const answers = await Promise.all(
    runIds.map(async (id) => ((await stack.fetch(`/api/2.0/mlflow/runs/get?run_id=${id}`)).status === 200 ? [] : [id])),
  );
  return answers.flat();
}

beforeAll(async () => {
  // as an app of one's own has it; `cdktf deploy` needs it.
  const app = [...NODE_TYPESCRIPT, join(REPOSITORY, "main.ts")].map((word) => `"${word}"`).join(" ");
  writeFileSync(
    join(stack.folder, "cdktf.json"),
    JSON.stringify({ language: "typescript", app, sendCrashReports: "false" }),
  );
});

let printed: string;
let password: string;

beforeAll(async () => {
  await stack.commandOk(["offline", "--only", "engine", "--yes"]);
  await removeLeftovers("e2e");
  printed = await stack.commandOk(["up", "--yes"]);
  password = await stack.output("password");
});

afterAll(async () => {
  await removeLeftovers("e2e");
});

describe("A deployed stack", () => {
  let runId: string;

  test("comes up with one command, which does not print the password", async () => {
    expect(printed).toContain(stack.url);
    expect(printed).not.toContain(password);
    expect(await containerNames("e2e")).toEqual([
      "e2e-gateway",
      "e2e-minio",
      "e2e-minio-bucket",
      "e2e-postgres",
      "e2e-server",
      "e2e-server-migration",
    ]);
  });

  test("lets nobody in without the password", async () => {
    const wrong = Buffer.from("admin:not-the-password").toString("base64");

    expect((await fetch(stack.url)).status).toBe(401);
    expect((await fetch(stack.url, { headers: { Authorization: `Basic ${wrong}` } })).status).toBe(401);
    expect((await stack.fetch("/")).status).toBe(200);
    expect((await stack.fetch("/metrics")).status).toBe(403);
    expect((await fetch(`${stack.url}/healthz`)).status).toBe(200);
  });

  test("is used by the README's example: a model is logged, registered and loaded back", async () => {
    const [, predicted, id] = /PREDICTED (\[.*?\]) (\w+)/.exec(await stack.python(EXAMPLE)) ?? [];

    expect(predicted).toBe("[0, 1]");
    runId = id ?? "";
  });

  test("passes its own verification", async () => {
    const { code, stdout, stderr } = await stack.command(["verify"]);

    expect({ code, output: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, output: "" });
  });

  test("serves containers on its edge network under the gateway's name, large files too", async () => {
    const script = `
import mlflow, os
content = os.urandom(3 << 20)
open("/tmp/sent.bin", "wb").write(content)
mlflow.set_experiment("edge")
with mlflow.start_run() as run:
    mlflow.log_artifact("/tmp/sent.bin")
path = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="sent.bin", dst_path="/tmp/back")
print("SAME", open(path, "rb").read() == content)
`;

    expect(await stack.python(script, "e2e-network-edge", `http://e2e-gateway:${PORT}`)).toContain("SAME True");
    const log = await runOk("docker", ["logs", "e2e-gateway"]);
    expect(log).toMatch(/"host":"e2e-gateway:18080","uri":"\/s3\/mlflow\//);
  });

  test("prints client settings that a shell takes", async () => {
    const settings = await stack.output("client_environment");
    const shown = await runOk("sh", ["-c", `${settings}\nprintf %s "$MLFLOW_TRACKING_URI $MLFLOW_TRACKING_USERNAME"`]);

    expect(shown).toBe(`${stack.url} admin`);
  });

  test("keeps its secrets out of the engine's descriptions, the logs and the synthesized JSON", async () => {
    const names = await containerNames("e2e");
    const places = {
      inspect: await runOk("docker", ["inspect", ...names]),
      logs: (await Promise.all(names.map(async (name) => Object.values(await run("docker", ["logs", name]))))).join(
        "\n",
      ),
      json: readFileSync(join(stack.stackFolder, "cdk.tf.json"), "utf8"),
    };
    const secrets = secretsOf(stack);

    expect(secrets.length).toBeGreaterThan(8);
    for (const [place, text] of Object.entries(places)) {
      expect([place, secrets.filter((secret) => text.includes(secret)).length]).toEqual([place, 0]);
    }
  });

  test("has no way out of its internal network", async () => {
    const image = await inspect("e2e-server", "{{.Image}}");
    // a neighbour outside, whom everyone reaches who may leave.
    const neighbour = "outside-e2e";
    await runOk("docker", [
      "run",
      "--detach",
      "--rm",
      "--name",
      neighbour,
      image,
      "python",
      "-m",
      "http.server",
      "8000",
    ]);
    try {
      const address = await inspect(neighbour, "{{.NetworkSettings.IPAddress}}");
      const connect = ["python", "-c", `import socket; socket.create_connection(("${address}", 8000), 3)`];
      const free = () => run("docker", ["run", "--rm", image, ...connect]);
      await eventually("who may leave gets there", 30, async () => (await free()).code === 0);

      const confined = await run("docker", ["exec", "e2e-server", ...connect]);
      expect([confined.code, /unreachable|timed out/i.test(confined.stderr)]).toEqual([1, true]);
    } finally {
      await runOk("docker", ["rm", "--force", neighbour]);
    }
    for (const service of ["e2e-server", "e2e-server-migration"]) {
      const networks = await inspect(service, "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}");
      expect([service, networks]).toEqual([service, "e2e-network-internal"]);
    }
  });

  test("does not change in a second plan", async () => {
    expect(await stack.plan()).toEqual({});
  });

  test("is deployed by cdktf as well, which changes nothing", async () => {
    const cdktf = join(REPOSITORY, "node_modules", ".bin", "cdktf");
    const output = await runOk(cdktf, ["deploy", stack.id, "--auto-approve", "--skip-provider-lock"], {
      cwd: stack.folder,
      env: { ...(await stack.settings()), CI: "true", CHECKPOINT_DISABLE: "1", DISABLE_VERSION_CHECK: "1" },
    });

    expect(output).toContain("No changes");
    expect(await stack.plan()).toEqual({});
  });

  test("replaces only the gateway when one line of the Caddyfile changes", async () => {
    await stack.synthesize();
    const file = join(stack.stackFolder, "cdk.tf.json");
    const json = readFileSync(file, "utf8");
    const changed = json.replace("grace_period 10s", "grace_period 9s");
    expect(changed).not.toBe(json);
    writeFileSync(file, changed);

    expect(await stack.plan()).toEqual({ "docker_container.gateway": "delete create" });
    await stack.synthesize();
  });

  test.each(SERVICES)("heals when the %s is killed, and loses nothing it acknowledged", async (service) => {
    const writer = startWriter();
    await eventually("a run is acknowledged", 30, async () => writer.acknowledged.length > 0);

    process.kill(Number(await inspect(`e2e-${service}`, "{{.State.Pid}}")), "SIGKILL");

    const before = writer.acknowledged.length;
    await eventually("runs are acknowledged again", 90, async () => writer.acknowledged.length > before + 3);
    await writer.stop();
    await eventually("all services are healthy", 90, healthy);
    expect(await missingRuns(writer.acknowledged)).toEqual([]);
  });

  test("heals when the engine is killed, and loses nothing it acknowledged", async () => {
    const writer = startWriter();
    await eventually("a run is acknowledged", 30, async () => writer.acknowledged.length > 0);

    process.kill(Number(readFileSync("/var/run/docker.pid", "utf8")), "SIGKILL");
    await stack.commandOk(["offline", "--only", "engine", "--yes"]);

    const before = writer.acknowledged.length;
    await eventually("runs are acknowledged again", 120, async () => writer.acknowledged.length > before + 3);
    await writer.stop();
    await eventually("all services are healthy", 120, healthy);
    expect(await missingRuns(writer.acknowledged)).toEqual([]);
    expect(await stack.plan()).toEqual({});
  });

  test("migrates the database before a new MLflow starts, and keeps the data", async () => {
    const image = await inspect("e2e-server", "{{.Image}}");
    const name = "localhost/cdktf-mlflow/e2e-mlflow:99.0.0";
    await runOk("docker", ["build", "--tag", name, "-"], {
      input: `FROM ${image}\nLABEL release=next\n`,
      env: { DOCKER_BUILDKIT: "0" },
    });

    await stack.commandOk(["up", "--yes"], { MLFLOW_IMAGE: name });

    expect(await inspect("e2e-server", "{{.Config.Image}}")).toBe(
      await inspect("e2e-server-migration", "{{.Config.Image}}"),
    );
    expect(await inspect("e2e-server", "{{.Image}}")).not.toBe(image);
    const migrated = new Date(await inspect("e2e-server-migration", "{{.State.FinishedAt}}"));
    const started = new Date(await inspect("e2e-server", "{{.State.StartedAt}}"));
    expect(migrated.getTime()).toBeLessThan(started.getTime());
    expect(await missingRuns([runId])).toEqual([]);
    expect(await stack.plan({ MLFLOW_IMAGE: name })).toEqual({});
  });

  test("comes back from 'down' with the same password and the same data", async () => {
    await stack.commandOk(["down", "--yes"]);
    expect(await containerNames("e2e")).toEqual([]);

    await stack.commandOk(["up", "--yes"]);

    expect(await stack.output("password")).toBe(password);
    expect(await missingRuns([runId])).toEqual([]);
    expect(
      await stack.python('import mlflow; print(mlflow.sklearn.load_model("models:/MyModel/1").predict([[3]]))'),
    ).toContain("[1]");
  });

  test("comes back after 'down' and 'up' were killed in the middle, with the same password and the same data", async () => {
    const has = (name: string) => async () => (await containerNames("e2e")).includes(`e2e-${name}`);
    const down = stack.start(["down", "--yes"]);
    await eventually("the gateway is gone", 60, async () => !(await has("gateway")()));
    process.kill(down.pid, "SIGKILL");
    await down.end;

    // Waits for the Terraform of 'down'. Its own is killed while PostgreSQL starts: that is not in the state.
    const orphaning = stack.start(["up", "--yes"]);
    await eventually("nothing is left", 60, async () => (await containerNames("e2e")).length === 0);
    await eventually("PostgreSQL is made", 120, has("postgres"));
    process.kill(stack.terraformProcess, "SIGKILL");
    await orphaning.end;

    const closed = stack.start(["up", "--yes"]);
    await eventually("the server is made", 180, has("server"));
    process.kill(-closed.pid, "SIGHUP");
    await closed.end;
    await stack.commandOk(["up", "--yes"]);

    expect(await stack.output("password")).toBe(password);
    expect(await missingRuns([runId])).toEqual([]);
    expect(await stack.plan()).toEqual({});
  });

  test("takes over the data of a lost state, with a new password, and only when told to", async () => {
    await stack.commandOk(["down", "--yes"]);
    rmSync(join(stack.folder, "terraform.e2e.tfstate"));

    const refused = await stack.command(["up", "--yes"]);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("exists on the engine")]);

    const records = Object.entries<{ input?: { named_volume?: string } }>(
      JSON.parse(readFileSync(join(stack.stackFolder, "cdk.tf.json"), "utf8")).resource.terraform_data,
    );
    const volumes = records.flatMap(([id, { input }]) => (input?.named_volume ? [[id, input.named_volume]] : []));
    expect(volumes).toHaveLength(2);
    for (const [id, volume = ""] of volumes) {
      const imported = await stack.terraform(["import", `terraform_data.${id}`, volume]);
      expect([imported.code, imported.stderr]).toEqual([0, ""]);
    }
    // the new state has another identity, so that nobody serves volumes by mistake.
    const unaccepted = await stack.command(["up", "--yes"]);
    expect([unaccepted.code, unaccepted.stderr]).toEqual([1, expect.stringContaining("mlflow-stack accept-stores")]);
    await stack.commandOk(["accept-stores", "--yes"]);
    await stack.commandOk(["up", "--yes"]);

    expect(await stack.output("password")).not.toBe(password);
    expect(await missingRuns([runId])).toEqual([]);
    expect(await stack.plan()).toEqual({});
  });

  test("lives beside a second stack", async () => {
    const odd = `it's "quoted" \${x} %{y} ümlaut $HOME`;
    const second = new Deployment("e2e-second", PORT + 1, { AUTH_PASSWORD: odd });
    try {
      await second.commandOk(["up", "--yes"]);

      expect(await second.output("password")).toBe(odd);
      expect((await second.fetch("/version")).status).toBe(200);
      const settings = await second.output("client_environment");
      expect(await runOk("sh", ["-c", `${settings}\nprintf %s "$MLFLOW_TRACKING_PASSWORD"`])).toBe(odd);
      expect(await healthy()).toBe(true);
      expect(await second.plan({ TF_VAR_auth_password: odd })).toEqual({});
    } finally {
      await second.destroy();
    }
    expect(await healthy()).toBe(true);
  });

  test("tells that a move to a database elsewhere leaves the volume where it is", async () => {
    const file = join(stack.folder, "moved.tfplan");
    const told = await stack.commandOk(["plan", "--out", file], {
      DB_URL: "postgresql://u:secret-password@db.example.com/mlflow",
    });
    rmSync(file);

    const volume = `e2e-postgres-data-${RELEASES.postgres.default}`;
    expect(told).toContain(`keep the volume '${volume}' on the engine, and use it no more`);
    expect(told).not.toContain("secret-password");
  });

  test("leaves nothing behind when it is removed with its data", async () => {
    await stack.destroy();

    expect(await containerNames("e2e")).toEqual([]);
    for (const kind of ["volume", "network"]) {
      const left = (await runOk("docker", [kind, "ls", "--format", "{{.Name}}"])).split("\n");
      expect(left.filter((name) => name.startsWith("e2e-"))).toEqual([]);
    }
  });
});
