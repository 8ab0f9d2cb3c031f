import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PostgresStore } from "../../lib";
import { RELEASES, imageName } from "../../lib/values/releases";
import { AppDeployment } from "../support/stacks/app-deployment";
import { offlineSettings, removeLeftovers } from "../support/stacks/deployment";
import { eventually, runOk } from "../support/run";
import { hostAddress } from "../support/servers/host-address";

jest.setTimeout(15 * 60_000);

const ID = "e2e-external";
const DATABASE = `${ID}-foreign-postgres`;
const STORE = `${ID}-foreign-store`;
// The network on which the egress proxy finds hosts. It has no route to the outside of its own.
const OUTSIDE = `${ID}-network-passage`;
const DATABASE_HOST = "db.external.test";
const STORE_HOST = "s3.external.test";
const STORE_ADDRESS = `https://${STORE_HOST}:9000`;
// A feature's host, of which the store's container has the name, too.
const WEBHOOK_HOST = "hooks.external.test";
const DATABASE_PASSWORD = "p@ss w%rd's {$1}";
const certificates = mkdtempSync(join(tmpdir(), "certificates-"));
const KEYS = { AWS_ACCESS_KEY_ID: "external-access", AWS_SECRET_ACCESS_KEY: "external-secret-key" };

const LOG_AND_LOAD = `
import mlflow, os, hashlib
content = os.urandom(1 << 20)
open("/tmp/sent.bin", "wb").write(content)
mlflow.set_experiment("external")
with mlflow.start_run() as run:
    mlflow.log_metric("rmse", 0.8)
    mlflow.log_artifact("/tmp/sent.bin")
path = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="sent.bin", dst_path="/tmp/back")
print("SAME", open(path, "rb").read() == content)
`;

// A client asks the server for its transfers only for files of this size.
const CHOOSE_A_WORKSPACE = `
os.environ["MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE"] = "1"
import mlflow
mlflow.set_workspace("vision")
`;

const SECRETS = {
  TF_VAR_db_password: DATABASE_PASSWORD,
  TF_VAR_aws_access_key_id: KEYS.AWS_ACCESS_KEY_ID,
  TF_VAR_aws_secret_access_key: KEYS.AWS_SECRET_ACCESS_KEY,
};

/** A server's certificate for these hosts, signed by an authority of its own. */
async function certificateFor(hosts: string[]): Promise<{ ca: string; certificate: string; key: string }> {
  const folder = mkdtempSync(join(tmpdir(), "certificate-"));
  const openssl = (...args: string[]) => runOk("openssl", args, { cwd: folder });
  await openssl(
    ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test authority"],
    ...["-keyout", "ca.key", "-out", "ca.pem"],
  );
  await openssl(
    "req",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-subj",
    "/CN=database",
    "-keyout",
    "server.key",
    "-out",
    "server.csr",
  );
  await runOk("sh", ["-c", `printf 'subjectAltName=%s' '${hosts.map((host) => `DNS:${host}`).join()}' > san`], {
    cwd: folder,
  });
  await openssl(
    ...["x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"],
    ...["-extfile", "san", "-out", "server.pem"],
  );
  const [ca = "", certificate = "", key = ""] = ["ca.pem", "server.pem", "server.key"].map((name) =>
    readFileSync(join(folder, name), "utf8"),
  );
  rmSync(folder, { recursive: true });
  return { ca, certificate, key };
}

describe("A stack with a database and a bucket of somebody else's", () => {
  let stack: AppDeployment;
  let ca: string;

  beforeAll(async () => {
    const images = await offlineSettings();
    const pair = await certificateFor([DATABASE_HOST, STORE_HOST, WEBHOOK_HOST]);
    ca = pair.ca;
    const { certificate, key } = pair;
    writeFileSync(join(certificates, "public.crt"), certificate);
    writeFileSync(join(certificates, "private.key"), key);

    await removeLeftovers(ID);
    stack = new AppDeployment(ID, 18090, {
      DB_URL: `postgresql://ada:${encodeURIComponent(DATABASE_PASSWORD)}@${DATABASE_HOST}/tracking?sslmode=verify-full`,
      DB_CA_CERTIFICATE: ca,
      MLFLOW_S3_ENDPOINT_URL: STORE_ADDRESS,
      MLFLOW_S3_CA_CERTIFICATE: ca,
      MLFLOW_S3_BUCKET: "company-models",
      MLFLOW_S3_PREFIX: "mlflow",
      ...KEYS,
    });
    await makeOutside();

    await runOk("docker", [
      ...["run", "--detach", "--name", DATABASE, "--network", OUTSIDE, "--network-alias", DATABASE_HOST],
      ...[
        "--env",
        "POSTGRES_USER=ada",
        "--env",
        "POSTGRES_DB=tracking",
        "--env",
        `POSTGRES_PASSWORD=${DATABASE_PASSWORD}`,
      ],
      images.POSTGRES_IMAGE ?? PostgresStore.defaultImage().name,
    ]);
    await runOk("docker", [
      ...["run", "--detach", "--name", STORE, "--network", OUTSIDE],
      ...["--network-alias", STORE_HOST, "--network-alias", WEBHOOK_HOST],
      ...[
        "--env",
        `MINIO_ROOT_USER=${KEYS.AWS_ACCESS_KEY_ID}`,
        "--env",
        `MINIO_ROOT_PASSWORD=${KEYS.AWS_SECRET_ACCESS_KEY}`,
      ],
      ...["--volume", `${certificates}:/certificates:ro`],
      images.MINIO_IMAGE ?? imageName(RELEASES.silo),
      ...["server", "/data", "--certs-dir", "/certificates"],
    ]);

    const inDatabase = ["exec", "--interactive", "--user", "postgres", DATABASE];
    await eventually("the foreign database answers", 60, () =>
      runOk("docker", [...inDatabase, "pg_isready", "-h", "127.0.0.1", "-U", "ada"]),
    );
    for (const [name, content] of Object.entries({ "server.crt": certificate, "server.key": key })) {
      await runOk("docker", [...inDatabase, "sh", "-c", `umask 077 && cat > "$PGDATA/${name}"`], { input: content });
    }
    for (const statement of ["alter system set ssl = on", "select pg_reload_conf()"]) {
      await runOk("docker", [...inDatabase, "psql", "-U", "ada", "-d", "tracking", "-c", statement]);
    }
    await eventually("the foreign store takes a bucket", 60, () =>
      runOk("docker", [
        ...[
          "exec",
          "--env",
          `MC_HOST_s=https://${KEYS.AWS_ACCESS_KEY_ID}:${KEYS.AWS_SECRET_ACCESS_KEY}@127.0.0.1:9000`,
        ],
        ...[STORE, "mc", "--insecure", "mb", "--ignore-existing", "s/company-models"],
      ]),
    );
  });

  // The stores have to be there before the stack, and their network is the stack's.
  async function makeOutside(): Promise<void> {
    await stack.synthesize();
    for (const args of [["init"], ["apply", "-auto-approve", "-target=docker_network.network_passage_A63F3F69"]]) {
      const { code, stdout, stderr } = await stack.terraform([...args, "-input=false", "-no-color"], SECRETS);
      if (code !== 0) throw new Error(`${stdout}\n${stderr}`);
    }
    const subnet = ["--format", "{{(index .IPAM.Config 0).Subnet}}", OUTSIDE];
    const range = (await runOk("docker", ["network", "inspect", ...subnet])).trim();
    const users = [
      { name: "admin", role: "admin" },
      { name: "wes", role: "write", workspace: "vision" },
    ];
    stack.writeApp(`auth: AuthMethod.basic({ users: ${JSON.stringify(users)} as never }),
    server: {
      ...environment.server,
      features: { webhooks: { hosts: ["${WEBHOOK_HOST}:9000"] }, workspaces: true },
      egress: { privateHosts: { "${WEBHOOK_HOST}": "${range}" } },
    }`);
  }

  afterAll(async () => {
    await stack.remove();
    rmSync(certificates, { recursive: true });
  });

  test("comes up without stores of its own", async () => {
    await stack.commandOk(["up", "--yes", "--allow-access"]);

    const names = await runOk("docker", ["ps", "--all", "--filter", `name=^${ID}-`, "--format", "{{.Names}}"]);
    expect(names.trim().split("\n").sort()).toEqual([
      DATABASE,
      STORE,
      `${ID}-gateway`,
      `${ID}-server`,
      `${ID}-server-dump`,
      `${ID}-server-egress`,
      `${ID}-server-egress-entry`,
      `${ID}-server-migration`,
      `${ID}-server-workspaces`,
    ]);
  });

  test("takes a client's run and artifact, through MLflow", async () => {
    expect(await stack.python(LOG_AND_LOAD)).toContain("SAME True");
    const objects = await runOk("docker", [
      "exec",
      STORE,
      "sh",
      "-c",
      "find /data/company-models/mlflow -name sent.bin",
    ]);
    expect(objects).toContain("sent.bin");
  });

  test("lets an admin choose a workspace, in which large files go through MLflow, too", async () => {
    const capabilities: unknown = await (await stack.fetch("/api/3.0/mlflow/server-info")).json();
    expect(capabilities).toMatchObject({ workspaces_enabled: true, multipart_uploads_enabled: false });

    expect(await stack.python(CHOOSE_A_WORKSPACE + LOG_AND_LOAD)).toContain("SAME True");
    const objects = await runOk("docker", [
      ...["exec", STORE, "sh", "-c", "find /data/company-models/mlflow/workspaces/vision -name sent.bin"],
    ]);
    expect(objects).toContain("sent.bin");
  });

  test("reaches its database over a verified connection", async () => {
    const query =
      "select bool_and(ssl) from pg_stat_ssl join pg_stat_activity using (pid) where client_addr is not null";
    const answer = await runOk("docker", [
      ...["exec", "--user", "postgres", DATABASE, "psql", "-U", "ada", "-d", "tracking", "-Atc", query],
    ]);

    expect(answer.trim()).toBe("t");
  });

  test("passes its own verification", async () => {
    const { code, stdout, stderr } = await stack.command(["verify"]);

    expect({ code, output: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, output: "" });
  });

  test("does not change in a second plan", async () => {
    expect(await stack.plan(SECRETS)).toEqual({});
  });

  test("reaches its stores and the feature's host from the server, and no other host, port or address", async () => {
    const script = `
import socket, ssl
def attempt(host, port, name=None):
    try:
        with socket.create_connection((host, port), 3) as raw:
            if name is None:
                return "reached"
            context = ssl.create_default_context(cadata=${JSON.stringify(ca)})
            with context.wrap_socket(raw, server_hostname=name):
                return "reached and verified"
    except OSError as e:
        return getattr(e, "reason", None) or "not reached"
print(attempt("${DATABASE_HOST}", 5432))
print(attempt("${STORE_HOST}", 9000, "${STORE_HOST}"))
print(attempt("${WEBHOOK_HOST}", 9000, "${WEBHOOK_HOST}"))
print(attempt("${STORE_HOST}", 9000, "${DATABASE_HOST}"))
print(attempt("${STORE_HOST}", 9001))
print(attempt("${DATABASE_HOST}", 22))
print(attempt("${await hostAddress()}", 22))
print(attempt("169.254.169.254", 80))
print(attempt("192.0.2.1", 443))
print(attempt("api.openai.com", 443))
`;
    expect((await stack.inServer(script)).trim().split("\n")).toEqual([
      "reached",
      "reached and verified",
      "reached and verified",
      "TLSV1_UNRECOGNIZED_NAME",
      ...Array.from({ length: 6 }, () => "not reached"),
    ]);
  });

  describe("whose artifacts pass MLflow by", () => {
    const DIRECT = { MLFLOW_TRANSFERS: "direct" };
    const SEND_PARTS = `
import os
os.environ["MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE"] = "1"
`;

    beforeAll(() => stack.commandOk(["up", "--yes", "--allow-access"], DIRECT));

    test("takes them over the gateway and an encrypted connection into its folder of the bucket", async () => {
      expect(await stack.python(SEND_PARTS + LOG_AND_LOAD)).toContain("SAME True");

      const log = await runOk("sh", ["-c", `docker logs ${ID}-gateway 2>&1`]);
      expect(log).toMatch(/"method":"PUT","host":"[^"]*","uri":"\/s3\/company-models\/mlflow\/[^"]*sent\.bin/);
      expect(log).toMatch(/"method":"GET","host":"[^"]*","uri":"\/s3\/company-models\/mlflow\/[^"]*sent\.bin/);
    });

    test("gives out addresses of the gateway, and takes none to another folder", async () => {
      const files = "/api/2.0/mlflow-artifacts/mpu/create/attack";
      const made = await stack.fetch(files, { method: "POST", body: JSON.stringify({ path: "a.bin", num_parts: 1 }), headers: { "Content-Type": "application/json" } }); // prettier-ignore
      const { credentials } = (await made.json()) as { credentials: { url: string }[] };
      const url = credentials[0]?.url ?? "";

      expect(url).toMatch(new RegExp(`^${stack.url}/s3/company-models/mlflow/attack/a\\.bin\\?`));
      const elsewhere = await fetch(url.replace("/mlflow/attack/", "/other/attack/"), {
        method: "PUT",
        body: "forged",
      });
      expect(elsewhere.status).toBe(404);
      expect((await fetch(url, { method: "PUT", body: "genuine" })).status).toBe(200);
    });

    test("hands out the store's own addresses when clients reach it", async () => {
      await stack.commandOk(["up", "--yes", "--allow-access"], { MLFLOW_S3_REACHABLE_BY_CLIENTS: "true" });
      const files = "/api/2.0/mlflow-artifacts/mpu/create/attack";
      const made = await stack.fetch(files, { method: "POST", body: JSON.stringify({ path: "a.bin", num_parts: 1 }), headers: { "Content-Type": "application/json" } }); // prettier-ignore
      const { credentials } = (await made.json()) as { credentials: { url: string }[] };

      expect(credentials[0]?.url.startsWith(`${STORE_ADDRESS}/company-models/mlflow/attack/a.bin?`)).toBe(true);
    });
  });
});
