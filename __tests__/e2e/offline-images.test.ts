import { existsSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually, run, runOk } from "../support/run";
import { offlineEnvironment } from "../../offline";

jest.setTimeout(30 * 60_000);

const PREFIX = "offline-test";
const HARDENED = ["--cap-drop", "ALL", "--security-opt", "no-new-privileges:true"];
const {
  POSTGRES_IMAGE = "",
  MLFLOW_IMAGE = "",
  MINIO_IMAGE = "",
  GATEWAY_IMAGE = "",
  OAUTH2_PROXY_IMAGE = "",
} = offlineEnvironment();

function secretFile(content: string): string {
  const file = join(mkdtempSync(join(tmpdir(), "offline-test-")), "secret");
  writeFileSync(file, content, { mode: 0o444 });
  return file;
}

function start(name: string, ...args: string[]): Promise<string> {
  return runOk("docker", ["run", "--detach", "--name", `${PREFIX}-${name}`, ...HARDENED, ...args]);
}

async function remove(): Promise<void> {
  const names = await runOk("docker", ["ps", "--all", "--quiet", "--filter", `name=^${PREFIX}-`]);
  if (names.trim()) await runOk("docker", ["rm", "--force", "--volumes", ...names.trim().split("\n")]);
  await run("docker", ["volume", "rm", "--force", `${PREFIX}-postgres`]);
}

beforeAll(remove);
afterAll(remove);

describe("The stand-in for PostgreSQL", () => {
  const database = `${PREFIX}-database`;
  const overTcp = (password: string, statement: string) =>
    run("docker", [
      ...["exec", "--env", `PGPASSWORD=${password}`, database],
      ...["psql", "-h", "127.0.0.1", "-U", "ada", "-d", "tracking", "-Atc", statement],
    ]);

  beforeAll(async () => {
    await start(
      "database",
      ...["--user", "postgres", "--volume", `${PREFIX}-postgres:/var/lib/postgresql`],
      ...["--volume", `${secretFile("the test's 'password' $1")}:/run/secrets/password:ro`],
      ...["--env", "POSTGRES_USER=ada", "--env", "POSTGRES_DB=tracking"],
      ...["--env", "POSTGRES_PASSWORD_FILE=/run/secrets/password"],
      POSTGRES_IMAGE,
      ...["-c", "max_connections=37"],
    );
    await eventually(
      "the database answers",
      60,
      async () => (await overTcp("the test's 'password' $1", "select 1")).code === 0,
    );
  });

  test("makes the user and the database, and takes settings as arguments", async () => {
    const { stdout } = await overTcp("the test's 'password' $1", "show max_connections");

    expect(stdout).toBe("37\n");
  });

  test("asks for the password over TCP", async () => {
    expect((await overTcp("another", "select 1")).code).not.toBe(0);
  });

  test("answers nobody over TCP before it is ready", async () => {
    const logs = Object.values(await run("docker", ["logs", database])).join("\n");
    const [first, second] = logs.split("database system is ready to accept connections");

    expect(first).not.toContain('listening on IPv4 address "0.0.0.0"');
    expect(second).toContain('listening on IPv4 address "0.0.0.0"');
  });

  test("keeps its data when it is killed, and stops in peace", async () => {
    await overTcp("the test's 'password' $1", "create table kept (id int); insert into kept values (42)");
    await runOk("docker", ["kill", database]);
    await runOk("docker", ["start", database]);
    await eventually(
      "the data is back",
      60,
      async () => (await overTcp("the test's 'password' $1", "select id from kept")).stdout === "42\n",
    );

    await runOk("docker", ["stop", "--time", "60", database]);
    expect(await runOk("docker", ["inspect", "--format", "{{.State.ExitCode}}", database])).toBe("0\n");
    expect(Object.values(await run("docker", ["logs", database])).join("\n")).toContain(
      "received fast shutdown request",
    );
  });

  test("does not start an open database", async () => {
    const { code, stderr } = await run("docker", ["run", "--rm", POSTGRES_IMAGE]);

    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("neither POSTGRES_PASSWORD nor POSTGRES_PASSWORD_FILE is set"),
    ]);
  });
});

describe("The stand-in for MLflow", () => {
  test("has what the stack needs, for a user that it does not know", async () => {
    const script =
      "import boto3, psycopg2, uvloop, httptools, sklearn, prometheus_flask_exporter, mlflow; print(mlflow.__version__)";
    const printed = await runOk("docker", [
      ...["run", "--rm", ...HARDENED, "--user", "1000:1000", "--network", "none", MLFLOW_IMAGE],
      ...["python", "-c", script],
    ]);

    expect(`${printed.trim().split("\n").at(-1)}`).toBe(/:([\d.]+)-/.exec(MLFLOW_IMAGE)?.[1]);
  });

  test("trusts this machine's authorities, and has nothing else of it", async () => {
    const host = "/usr/local/share/ca-certificates";
    const listed = existsSync(host) ? readdirSync(host).filter((name) => name.endsWith(".crt")) : [];
    const inImage = await runOk("docker", ["run", "--rm", "--network", "none", MLFLOW_IMAGE, "ls", host]);
    const history = await runOk("docker", ["history", "--no-trunc", "--format", "{{.CreatedBy}}", MLFLOW_IMAGE]);

    expect(inImage.split("\n").filter(Boolean).sort()).toEqual(listed.sort());
    expect(history).not.toMatch(/PIP_|pip-environment/);
    const settings = ["/etc/pip.conf", "/etc/xdg/pip", "/pip.conf", "/pip-environment"];
    const found = await run("docker", ["run", "--rm", "--network", "none", MLFLOW_IMAGE, "ls", ...settings]);
    expect(found.stdout).toBe("");
  });

  test("has no entrypoint of its own", async () => {
    expect(await runOk("docker", ["inspect", "--format", "{{json .Config.Entrypoint}}", MLFLOW_IMAGE])).toBe("null\n");
    expect(await runOk("docker", ["run", "--rm", "--network", "none", MLFLOW_IMAGE, "mlflow", "--version"])).toContain(
      "mlflow, version",
    );
  });
});

describe("The stand-in for the store", () => {
  test.each([["server"], ["minio server"]])("is started by '%s', with root keys from files", async (command) => {
    const name = `store-${command.replace(" ", "-")}`;
    await start(
      name,
      ...["--volume", `${secretFile("root-from-a-file")}:/run/secrets/user:ro`],
      ...["--volume", `${secretFile("password-from-a-file")}:/run/secrets/password:ro`],
      ...["--env", "MINIO_ROOT_USER_FILE=/run/secrets/user", "--env", "MINIO_ROOT_PASSWORD_FILE=/run/secrets/password"],
      MINIO_IMAGE,
      ...command.split(" "),
      "/data",
    );
    const inside = (...args: string[]) => run("docker", ["exec", `${PREFIX}-${name}`, ...args]);

    await eventually("the store is ready", 60, async () => (await inside("mc", "ready", "local")).code === 0);
    const buckets = (keys: string) => inside("sh", "-c", `MC_HOST_s=http://${keys}@127.0.0.1:9000 mc mb s/models`);
    expect((await buckets("minioadmin:minioadmin")).code).not.toBe(0);
    expect((await buckets("root-from-a-file:password-from-a-file")).code).toBe(0);
  });
});

describe("The stand-in for the gateway", () => {
  test("has the plugins", async () => {
    const modules = (
      await runOk("docker", ["run", "--rm", "--network", "none", GATEWAY_IMAGE, "caddy", "list-modules"])
    ).split("\n");

    const handlers = [
      "mlflow_access",
      "mlflow_login",
      "mlflow_ready",
      "mlflow_upload",
      "rate_limit",
      "replace_response",
    ];
    expect(modules).toEqual(expect.arrayContaining(handlers.map((name) => `http.handlers.${name}`)));
  });

  test("starts without any capability, and may write where its state lies", async () => {
    const printed = await runOk("docker", [
      ...["run", "--rm", "--network", "none", ...HARDENED, "--user", "1000:1000", GATEWAY_IMAGE],
      ...["sh", "-c", "caddy version && touch /data/caddy/a /config/caddy/a /var/log/caddy/a && command -v wget"],
    ]);

    expect(printed).toMatch(/^v2\.11\.9 .*\n\/usr\/bin\/wget\n$/);
  });
});

describe("The stand-in for oauth2-proxy", () => {
  const inside = (...args: string[]) => run("docker", ["run", "--rm", "--network", "none", ...HARDENED, ...args]);

  test("is started by its arguments alone, as a user without rights", async () => {
    const { stderr } = await inside(OAUTH2_PROXY_IMAGE, "--help");

    expect(stderr).toContain("--cookie-secret-file");
    expect(await runOk("docker", ["inspect", "--format", "{{.Config.User}}", OAUTH2_PROXY_IMAGE])).toBe(
      "65532:65532\n",
    );
  });

  test("has what the health check asks with", async () => {
    const { stdout } = await inside("--entrypoint", "sh", OAUTH2_PROXY_IMAGE, "-c", "command -v wget");

    expect(stdout).toBe("/usr/bin/wget\n");
  });
});
