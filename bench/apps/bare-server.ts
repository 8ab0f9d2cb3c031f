import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Image } from "@cdktf/provider-docker/lib/image";
import type { Network } from "@cdktf/provider-docker/lib/network";
import { Bytes } from "@cdktf/provider-random/lib/bytes";
import { Password } from "@cdktf/provider-random/lib/password";
import { AssetType, DataResource, Fn, TerraformAsset } from "cdktf";
import type { TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { RELEASES, imageName } from "../../lib/values/releases";
import { addJob, addService, escaped, file, health, role } from "./bare-container";
import type { addMinio, addPostgres } from "./bare-stores";

// The folder of the compiled app has these files too.
const CADDY = resolve("caddy");
const MLFLOW = resolve("mlflow");
const MIGRATION_FAILURE = "The database could not be brought up to date, so the server was not started.";
const START = `python /etc/mlflow/stores.py start && rm -rf /tmp/mlflow && mkdir /tmp/mlflow || exit
while sleep 30; do
  said=$(python /etc/mlflow/stores.py check 2>&1) || [ $? -ne 3 ] || { echo "$said" >&2; kill 1; }
done &
exec mlflow "$@"`;
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "frame-src 'self' blob:",
  "worker-src 'self' blob:",
  "media-src 'self' blob:",
  "manifest-src 'self'",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'self'",
].join("; ");

/** Identity of this server's stores. It comes first, because the bucket job checks it. */
export function addIdentity(stack: TerraformStack) {
  const scope = new Construct(stack, "server");
  const identity = new DataResource(scope, "identity", {
    input: `${stack.node.id}-server/${Fn.timestamp()}/${Fn.uuid()}` as never,
    lifecycle: { ignoreChanges: ["input"] },
  });
  return { scope, identity: identity.getStringAttribute("output") };
}

/** MLflow, and the job that migrates its database. */
export function addServer(
  stack: TerraformStack,
  network: Network,
  port: number,
  { scope, identity }: ReturnType<typeof addIdentity>,
  { container: postgres, data, serviceFile }: ReturnType<typeof addPostgres>,
  { data: files, bucketJob, credentialsFile }: ReturnType<typeof addMinio>,
) {
  const { id } = stack.node;
  const flaskKey = new Password(scope, "mlflow-flask-server-secret-key", { length: 32, special: false });
  const webhookKey = new Bytes(scope, "mlflow-webhook-secret-encryption-key", { length: 32 });
  const passphrase = new Password(scope, "mlflow-crypto-kek-passphrase", { length: 32, special: false });
  const migrationScope = new Construct(scope, "migration");
  const image = new Image(migrationScope, "image", { name: imageName(RELEASES.mlflow), keepLocally: true });
  const settings = [
    "AWS_DEFAULT_REGION=us-east-1",
    "AWS_EC2_METADATA_DISABLED=true",
    "AWS_SHARED_CREDENTIALS_FILE=/run/secrets/aws-credentials",
    "HOME=/tmp",
    "MLFLOW_ARTIFACTS_DESTINATION=s3://mlflow",
    "MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE=path",
    `MLFLOW_S3_ENDPOINT_URL=http://${id}-minio:9000`,
    "OPENBLAS_NUM_THREADS=1",
    "PGSERVICEFILE=/run/secrets/pg_service.conf",
    "PYTHONDONTWRITEBYTECODE=1",
    `STACK_IDENTITY=${identity}`,
    "STACK_MAKES_BUCKET=true",
  ];
  const pythonFile = (name: string) =>
    file(`/etc/mlflow/${name}`, escaped(readFileSync(resolve(MLFLOW, name), "utf8")));
  const stores = [serviceFile, credentialsFile, pythonFile("stores.py")];
  const migration = addJob(migrationScope, "Default", MIGRATION_FAILURE, {
    name: `${id}-server-migration`,
    image: image.imageId,
    entrypoint: ["python", "/etc/mlflow/stores.py", "migrate"],
    command: ["mlflow", "db", "upgrade", "postgresql+psycopg2:///?service=mlflow"],
    env: settings,
    upload: stores,
    labels: [role("migration-job"), { label: "cdktf-mlflow.triggers", value: `${data.id},${files.id}` }],
    networksAdvanced: [{ name: network.id }],
    user: "1000:1000",
    memory: 960,
    dependsOn: [postgres, bucketJob],
  });
  const webhookText = Fn.replace(Fn.replace(webhookKey.base64, "+", "-"), "/", "_");
  const check = 'import urllib.request as u; u.urlopen("http://127.0.0.1:5000/health", timeout=4)';
  addService(scope, {
    labels: [role("server")],
    name: `${id}-server`,
    image: image.imageId,
    entrypoint: ["/bin/sh", "-c", START, "mlflow"],
    command: ["--env-file", "/run/secrets/mlflow.env", "server"],
    env: [
      ...settings,
      "DO_NOT_TRACK=true",
      `MIGRATION_JOB=${id}-server-migration`,
      "MLFLOW_BACKEND_STORE_URI=postgresql+psycopg2:///?service=mlflow&plugin=nested",
      "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX=^(runs:|models:|mlflow-artifacts:|(prompt-template|dummy-source)$)",
      "MLFLOW_DISABLE_TELEMETRY=true",
      "MLFLOW_ENABLE_AI_GATEWAY=false",
      "MLFLOW_ENABLE_WORKSPACES=false",
      "MLFLOW_HOST=0.0.0.0",
      "MLFLOW_MODEL_CATALOG_URI=",
      "MLFLOW_PORT=5000",
      `MLFLOW_SERVER_ALLOWED_HOSTS=localhost,localhost:*,127.0.0.1,127.0.0.1:*,${id}-gateway,${id}-gateway:*`,
      `MLFLOW_SERVER_CORS_ALLOWED_ORIGINS=http://localhost:${port},http://127.0.0.1:${port},http://${id}-gateway:${port}`,
      "MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false",
      "MLFLOW_SERVE_ARTIFACTS=true",
      "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW=10",
      "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE=5",
      "MLFLOW_UVICORN_OPTS=--no-access-log",
      "MLFLOW_WORKERS=2",
      "PGOPTIONS=-c statement_timeout=5min",
      "PYTHONPATH=/etc/mlflow",
      "TMPDIR=/tmp/mlflow",
    ].sort(),
    upload: [
      ...stores,
      pythonFile("connection_pool.py"),
      file(
        "/etc/mlflow/connection_pool.dist-info/METADATA",
        "Metadata-Version: 2.1\nName: connection_pool\nVersion: 1\n",
      ),
      file(
        "/etc/mlflow/connection_pool.dist-info/entry_points.txt",
        "[sqlalchemy.plugins]\nnested = connection_pool:NestedPoolPlugin\n",
      ),
      file(
        "/run/secrets/mlflow.env",
        `MLFLOW_FLASK_SERVER_SECRET_KEY='${flaskKey.result}'\nMLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY='${webhookText}'\nMLFLOW_CRYPTO_KEK_PASSPHRASE='${passphrase.result}'\n`,
      ),
    ],
    networksAdvanced: [{ name: network.id }],
    user: "1000:1000",
    memory: 1536,
    healthcheck: health("5s", ["python", "-c", check]),
    waitTimeout: 120,
    stopTimeout: 30,
    dependsOn: [migration],
  });
  return { image };
}

/** Caddy, with an image that the engine builds. */
export function addGateway(stack: TerraformStack, internal: Network, edge: Network, port: number) {
  const { id } = stack.node;
  const scope = new Construct(stack, "gateway");
  const password = new Password(scope, "password", { length: 32, special: false });
  const context = new TerraformAsset(scope, "context", {
    path: resolve(CADDY, "plugin"),
    type: AssetType.DIRECTORY,
  });
  const image = new Image(scope, "image", {
    name: `cdktf-mlflow/gateway:${RELEASES.caddy.version}-${context.assetHash.slice(0, 12).toLowerCase()}`,
    buildAttribute: { context: context.path, dockerfile: "Dockerfile", builder: "default" },
    keepLocally: true,
  });
  const caddyFile = (name: string) => file(`/etc/caddy/${name}`, escaped(readFileSync(resolve(CADDY, name), "utf8")));
  addService(scope, {
    labels: [role("gateway")],
    name: `${id}-gateway`,
    image: image.imageId,
    env: [
      "ACCESS_LOG=stdout",
      "ACCESS_LOG_IPV4_BITS=32",
      "ACCESS_LOG_IPV6_BITS=128",
      "AUTH_METHOD=basic",
      "CONSOLE=off",
      `CONTENT_SECURITY_POLICY=${POLICY}`,
      "CONTENT_SECURITY_POLICY_REPORT_ONLY=",
      "FAILED_LOGINS_PER_ADDRESS=30",
      "FAILED_LOGINS_PER_USER=10",
      "FAILED_LOGINS_WINDOW=1m0s",
      "FEATURES=traces",
      "RATE_LIMIT_EVENTS=3000",
      "RATE_LIMIT_WINDOW=10s",
      "S3_API=off",
      `SITE_ADDRESS=http://:${port}`,
      `STORE=${id}-minio:9000`,
      "STORE_AUTHORITY=public",
      "STORE_PATH=mlflow",
      "STORE_SCHEME=http",
      "STRICT_TRANSPORT_SECURITY=",
      "TLS=none",
      "TRANSFERS=direct",
      `UPSTREAM=${id}-server:5000`,
      "UPSTREAM_KEY=/dev/null",
      "UPSTREAM_WAIT=1m0s",
      "URL_HOSTNAME=localhost",
      `URL_ORIGIN=http://localhost:${port}`,
      "URL_SCHEME=http",
    ],
    upload: [
      ...["Caddyfile", "routes.json", "tls/none.caddy", "auth/basic.caddy", "transfers/direct.caddy"].map(caddyFile),
      ...["console/off.caddy", "s3-api/off.caddy"].map(caddyFile),
      file("/etc/caddy/users.json", '[\n{"name":"admin","role":"admin"}\n]\n'),
      file("/run/secrets/users/admin", password.bcryptHash),
    ],
    ports: [{ internal: port, external: port, ip: "127.0.0.1" }],
    networksAdvanced: [{ name: internal.id }, { name: edge.id }],
    user: "1000:1000",
    memory: 256,
    healthcheck: health("2s", ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:2019/healthz"]),
    waitTimeout: 102,
    stopTimeout: 15,
  });
  return { image, password };
}
