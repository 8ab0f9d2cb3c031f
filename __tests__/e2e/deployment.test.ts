import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RELEASES } from "../../lib/values/releases";
import { RunWriter, isHealthy, missingRuns } from "../support/clients/run-writer";
import { blocksOf } from "../support/docs/pages";
import { NODE_TYPESCRIPT, REPOSITORY } from "../support/repository";
import { gatewayLog } from "../support/servers/gateway-log";
import { Deployment, removeLeftovers } from "../support/stacks/deployment";
import { eventually, inspect, run, runOk } from "../support/run";

jest.setTimeout(20 * 60_000);

const PORT = 18080;
const SERVICES = ["gateway", "server", "postgres", "minio"];
const ID = "e2e-deployment";
const stack = new Deployment(ID, PORT);

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
  await removeLeftovers(ID);
  printed = await stack.commandOk(["up", "--yes"]);
  password = await stack.output("password");
});

afterAll(async () => {
  await removeLeftovers(ID);
});

describe("A deployed stack", () => {
  let runId: string;

  test("comes up with one command, which does not print the password", async () => {
    expect(printed).toContain(stack.url);
    expect(printed).not.toContain(password);
    expect(await containerNames(ID)).toEqual([
      `${ID}-gateway`,
      `${ID}-minio`,
      `${ID}-minio-bucket`,
      `${ID}-postgres`,
      `${ID}-server`,
      `${ID}-server-dump`,
      `${ID}-server-migration`,
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

  test("tells its state, and that nothing is wrong but the missing backups", async () => {
    const status = JSON.parse(await stack.commandOk(["status", "--json"]));
    const doctor = await stack.command(["doctor", "--json"]);
    // This machine's disk may be full, and it may have fewer cores than the server has workers.
    const ofMachine = ["disk", "workers"];
    const checks = (JSON.parse(doctor.stdout).problems as { check: string }[]).map(({ check }) => check);

    const versions = (status.versions as { service: string; version: string }[]).map(({ service, version }) => [service, version]); // prettier-ignore
    expect(versions).toContainEqual([`${ID}-server`, RELEASES.mlflow.version]);
    // The image may have a later minor release.
    const postgres = new RegExp(`^${RELEASES.postgres.default}\\.\\d+$`);
    expect(versions).toContainEqual([`${ID}-postgres`, expect.stringMatching(postgres)]);
    expect(Date.parse(status.deployed)).toBeGreaterThan(Date.now() - 60 * 60_000);
    expect(status.disks.length).toBeGreaterThan(0);
    expect({ code: doctor.code, checks: checks.filter((check) => !ofMachine.includes(check)) }).toEqual({ code: 1, checks: ["no-backup"] }); // prettier-ignore
  });

  test("shows the log of one request, and of one user", async () => {
    const answer = await stack.fetch("/api/2.0/mlflow/experiments/get?experiment_id=0");
    const id = answer.headers.get("x-request-id") ?? "";
    await gatewayLog(`${ID}-gateway`, stack.url);
    const lines = (await stack.commandOk(["logs", "--request", id.slice(0, 13), "--json"])).trim().split("\n");

    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        service: "gateway",
        request: id,
        entry: expect.objectContaining({ status: 200, user_id: "admin" }),
      }),
    ]);
    expect(await stack.commandOk(["logs", "gateway", "--user", "admin", "--since", "1h"])).toContain(
      ` 200 GET /api/2.0/mlflow/experiments/get?experiment_id=0 `,
    );
    expect(await stack.commandOk(["logs", "--user", "nobody-of-this-name"])).toBe("");
    const all = await stack.commandOk(["logs"]);
    for (const service of ["gateway", "server", "postgres", "minio", "server-migration"]) {
      expect(all).toMatch(new RegExp(`^\\S+Z ${service} `, "m"));
    }
    expect(all).not.toContain(password);
  });

  test("follows the log, beside other commands, until it is interrupted", async () => {
    const file = join(stack.folder, "followed.txt");
    const following = stack.start(["logs", "gateway", "--follow", "--tail", "1"], {}, file);
    await eventually("the log is followed", 60, async () => readFileSync(file, "utf8").includes("gateway "));
    await stack.fetch("/api/2.0/mlflow/experiments/get-by-name?experiment_name=Default");
    await eventually("the new request is there", 30, async () => readFileSync(file, "utf8").includes("get-by-name"));
    // it holds up no other command.
    expect((await stack.command(["status"])).code).toBe(0);
    process.kill(-following.pid, "SIGINT");
    await following.end;
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

    expect(await stack.python(script, `${ID}-network-edge`, `http://${ID}-gateway:${PORT}`)).toContain("SAME True");
    const log = await gatewayLog(`${ID}-gateway`, stack.url);
    expect(log).toMatch(/"host":"e2e-deployment-gateway:18080","uri":"\/s3\/mlflow\//);
  });

  test("prints client settings that a shell takes", async () => {
    const settings = await stack.output("client_environment");
    const shown = await runOk("sh", ["-c", `${settings}\nprintf %s "$MLFLOW_TRACKING_URI $MLFLOW_TRACKING_USERNAME"`]);

    expect(shown).toBe(`${stack.url} admin`);
  });

  test("keeps its secrets out of the engine's descriptions, the logs and the synthesized JSON", async () => {
    const names = await containerNames(ID);
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
    const image = await inspect(`${ID}-server`, "{{.Image}}");
    // a neighbour outside, whom everyone reaches who may leave.
    const neighbour = `${ID}-outside`;
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

      const confined = await run("docker", ["exec", `${ID}-server`, ...connect]);
      expect([confined.code, /unreachable|timed out/i.test(confined.stderr)]).toEqual([1, true]);
    } finally {
      await runOk("docker", ["rm", "--force", neighbour]);
    }
    for (const service of [`${ID}-server`, `${ID}-server-migration`]) {
      const networks = await inspect(service, "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}");
      expect([service, networks]).toEqual([service, `${ID}-network-internal`]);
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
    const writer = new RunWriter(stack);
    await eventually("a run is acknowledged", 30, async () => writer.acknowledged.length > 0);

    process.kill(Number(await inspect(`${ID}-${service}`, "{{.State.Pid}}")), "SIGKILL");

    const before = writer.acknowledged.length;
    await eventually("runs are acknowledged again", 90, async () => writer.acknowledged.length > before + 3);
    await writer.stop();
    await eventually("all services are healthy", 90, () => isHealthy(stack));
    expect(await missingRuns(stack, writer.acknowledged)).toEqual([]);
  });

  test("replaces a killed worker of MLflow by a fork, while the other one answers", async () => {
    const workers = async () => {
      const processes = await runOk("docker", ["top", `${ID}-server`, "-eo", "pid,ppid,args"]);
      const found = [...processes.matchAll(/^ *(\d+) +(\d+) .*forked_workers\.py uvicorn/gm)];
      return found.filter(([, , parent]) => found.some(([, pid]) => pid === parent)).map(([, pid]) => Number(pid));
    };
    const [killed = 0, other] = await workers();
    expect(other).toBeDefined();
    const writer = new RunWriter(stack);
    await eventually("a run is acknowledged", 30, async () => writer.acknowledged.length > 0);

    process.kill(killed, "SIGKILL");

    // A worker that imports MLflow by itself takes longer.
    await eventually("there are two workers again", 2, async () => {
      const now = await workers();
      return now.length === 2 && now.some((pid) => pid !== killed && pid !== other);
    });
    const before = writer.acknowledged.length;
    await eventually("runs are acknowledged", 30, async () => writer.acknowledged.length > before + 3);
    await writer.stop();
    expect(await workers()).toContain(other);
    expect(await missingRuns(stack, writer.acknowledged)).toEqual([]);
  });

  test("comes back from 'down' with the same password and the same data", async () => {
    await stack.commandOk(["down", "--yes"]);
    expect(await containerNames(ID)).toEqual([]);

    await stack.commandOk(["up", "--yes"]);

    expect(await stack.output("password")).toBe(password);
    expect(await missingRuns(stack, [runId])).toEqual([]);
    expect(
      await stack.python('import mlflow; print(mlflow.sklearn.load_model("models:/MyModel/1").predict([[3]]))'),
    ).toContain("[1]");
  });

  test("comes back after 'down' and 'up' were killed in the middle, with the same password and the same data", async () => {
    const has = (name: string) => async () => (await containerNames(ID)).includes(`${ID}-${name}`);
    const down = stack.start(["down", "--yes"]);
    await eventually("the gateway is gone", 60, async () => !(await has("gateway")()));
    process.kill(down.pid, "SIGKILL");
    await down.end;

    // Waits for the Terraform of 'down'. Its own is killed while PostgreSQL starts: that is not in the state.
    const orphaning = stack.start(["up", "--yes"]);
    await eventually("nothing is left", 60, async () => (await containerNames(ID)).length === 0);
    await eventually("PostgreSQL is made", 120, has("postgres"));
    process.kill(stack.terraformProcess, "SIGKILL");
    await orphaning.end;

    const closed = stack.start(["up", "--yes"]);
    await eventually("the server is made", 180, has("server"));
    process.kill(-closed.pid, "SIGHUP");
    await closed.end;
    await stack.commandOk(["up", "--yes"]);

    expect(await stack.output("password")).toBe(password);
    expect(await missingRuns(stack, [runId])).toEqual([]);
    expect(await stack.plan()).toEqual({});
  });

  test("takes over the data of a lost state, with a new password, and only when told to", async () => {
    await stack.commandOk(["down", "--yes"]);
    rmSync(join(stack.folder, `terraform.${ID}.tfstate`));

    const refused = await stack.command(["up", "--yes"]);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("exists on the engine")]);

    const records = Object.entries<{ input?: { named_volume?: string } }>(
      JSON.parse(readFileSync(join(stack.stackFolder, "cdk.tf.json"), "utf8")).resource.terraform_data,
    );
    const volumes = records.flatMap(([id, { input }]) => (input?.named_volume ? [[id, input.named_volume]] : []));
    expect(volumes).toHaveLength(3);
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
    expect(await missingRuns(stack, [runId])).toEqual([]);
    expect(await stack.plan()).toEqual({});
  });

  test("lives beside a second stack", async () => {
    const odd = `it's "quoted" \${x} %{y} ümlaut $HOME`;
    const second = new Deployment(`${ID}-second`, PORT + 1, { AUTH_PASSWORD: odd });
    try {
      await second.commandOk(["up", "--yes"]);

      expect(await second.output("password")).toBe(odd);
      expect((await second.fetch("/version")).status).toBe(200);
      const settings = await second.output("client_environment");
      expect(await runOk("sh", ["-c", `${settings}\nprintf %s "$MLFLOW_TRACKING_PASSWORD"`])).toBe(odd);
      expect(await isHealthy(stack)).toBe(true);
      expect(await second.plan({ TF_VAR_auth_password: odd })).toEqual({});
    } finally {
      await second.destroy();
    }
    expect(await isHealthy(stack)).toBe(true);
  });

  test("tells that a move to a database elsewhere leaves the volume where it is", async () => {
    const file = join(stack.folder, "moved.tfplan");
    const told = await stack.commandOk(["plan", "--out", file], {
      DB_URL: "postgresql://u:secret-password@db.example.com/mlflow",
    });
    rmSync(file);

    const volume = `${ID}-postgres-data-${RELEASES.postgres.default}`;
    expect(told).toContain(`keep the volume '${volume}' on the engine, and use it no more`);
    expect(told).not.toContain("secret-password");
  });

  test("leaves nothing behind when it is removed with its data", async () => {
    await stack.destroy();

    expect(await containerNames(ID)).toEqual([]);
    for (const kind of ["volume", "network"]) {
      const left = (await runOk("docker", [kind, "ls", "--format", "{{.Name}}"])).split("\n");
      expect(left.filter((name) => name.startsWith(`${ID}-`))).toEqual([]);
    }
  });
});
