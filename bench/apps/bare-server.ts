import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Image } from "@cdktf/provider-docker/lib/image";
import type { Network } from "@cdktf/provider-docker/lib/network";
import { Bytes } from "@cdktf/provider-random/lib/bytes";
import { Password } from "@cdktf/provider-random/lib/password";
import { AssetType, Fn, TerraformAsset } from "cdktf";
import type { TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { addJob, addService, file, health } from "./bare-container";
import type { addMinio, addPostgres } from "./bare-stores";

// the compiled app runs in a folder that has it, too.
const CADDY = resolve("caddy");
const MIGRATION_FAILURE = "The database could not be brought up to date, so the server was not started.";

/** MLflow, and the job that brings its database up to date. */
export function addServer(
  stack: TerraformStack,
  network: Network,
  port: number,
  { container: postgres, data, serviceFile }: ReturnType<typeof addPostgres>,
  { bucketJob, credentialsFile }: ReturnType<typeof addMinio>,
) {
  const { id } = stack.node;
  const scope = new Construct(stack, "server");
  const flaskKey = new Password(scope, "mlflow-flask-server-secret-key", { length: 32, special: false });
  const webhookKey = new Bytes(scope, "mlflow-webhook-secret-encryption-key", { length: 32 });
  const passphrase = new Password(scope, "mlflow-crypto-kek-passphrase", { length: 32, special: false });
  const migrationScope = new Construct(scope, "migration");
  const image = new Image(migrationScope, "image", { name: "ghcr.io/mlflow/mlflow:v3.17.2-full", keepLocally: true });
  const settings = [
    "HOME=/tmp",
    "OPENBLAS_NUM_THREADS=1",
    "PGSERVICEFILE=/run/secrets/pg_service.conf",
    "PYTHONDONTWRITEBYTECODE=1",
  ];
  const migration = addJob(migrationScope, "Default", MIGRATION_FAILURE, {
    name: `${id}-server-migration`,
    image: image.imageId,
    entrypoint: ["mlflow"],
    command: ["db", "upgrade", "postgresql+psycopg2:///?service=mlflow"],
    env: settings,
    upload: [serviceFile],
    labels: [{ label: "cdktf-mlflow.rerun-on", value: data.id }],
    networksAdvanced: [{ name: network.id }],
    user: "1000:1000",
    memory: 960,
    dependsOn: [postgres],
  });
  const webhookText = Fn.replace(Fn.replace(webhookKey.base64, "+", "-"), "/", "_");
  const check = 'import urllib.request as u; u.urlopen("http://127.0.0.1:5000/health", timeout=4)';
  addService(scope, {
    name: `${id}-server`,
    image: image.imageId,
    entrypoint: ["/bin/sh", "-c", 'rm -rf /tmp/mlflow && mkdir /tmp/mlflow && exec mlflow "$@"', "mlflow"],
    command: ["--env-file", "/run/secrets/mlflow.env", "server"],
    env: [
      ...settings,
      "AWS_DEFAULT_REGION=us-east-1",
      "AWS_EC2_METADATA_DISABLED=true",
      "AWS_SHARED_CREDENTIALS_FILE=/run/secrets/aws-credentials",
      "DO_NOT_TRACK=true",
      "MLFLOW_ARTIFACTS_DESTINATION=s3://mlflow",
      "MLFLOW_BACKEND_STORE_URI=postgresql+psycopg2:///?service=mlflow",
      "MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE=path",
      "MLFLOW_DISABLE_TELEMETRY=true",
      "MLFLOW_ENABLE_AI_GATEWAY=false",
      "MLFLOW_HOST=0.0.0.0",
      "MLFLOW_MODEL_CATALOG_URI=",
      "MLFLOW_PORT=5000",
      `MLFLOW_S3_ENDPOINT_URL=http://${id}-minio:9000`,
      `MLFLOW_SERVER_ALLOWED_HOSTS=localhost,localhost:*,127.0.0.1,127.0.0.1:*,${id}-gateway,${id}-gateway:*`,
      `MLFLOW_SERVER_CORS_ALLOWED_ORIGINS=http://localhost:${port},http://127.0.0.1:${port},http://${id}-gateway:${port}`,
      "MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false",
      "MLFLOW_SERVE_ARTIFACTS=true",
      "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW=10",
      "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE=5",
      "MLFLOW_UVICORN_OPTS=--no-access-log",
      "MLFLOW_WORKERS=2",
      "TMPDIR=/tmp/mlflow",
    ].sort(),
    upload: [
      serviceFile,
      credentialsFile,
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
    dependsOn: [migration, bucketJob],
  });
  return { image };
}

/** Caddy, with an image of its own. */
export function addGateway(stack: TerraformStack, internal: Network, edge: Network, port: number) {
  const { id } = stack.node;
  const scope = new Construct(stack, "gateway");
  const password = new Password(scope, "password", { length: 32, special: false });
  const context = new TerraformAsset(scope, "context", {
    path: resolve(CADDY, "plugin"),
    type: AssetType.DIRECTORY,
  });
  const image = new Image(scope, "image", {
    name: `cdktf-mlflow/gateway:2.11.9-${context.assetHash.slice(0, 12).toLowerCase()}`,
    buildAttribute: { context: context.path, dockerfile: "Dockerfile", builder: "default" },
    keepLocally: true,
  });
  const caddyFile = (name: string) => file(`/etc/caddy/${name}`, escaped(readFileSync(resolve(CADDY, name), "utf8")));
  addService(scope, {
    name: `${id}-gateway`,
    image: image.imageId,
    env: [
      "AUTH_METHOD=basic",
      "AUTH_USERNAME=admin",
      "RATE_LIMIT_EVENTS=3000",
      "RATE_LIMIT_WINDOW=10s",
      `SITE_ADDRESS=http://:${port}`,
      `STORE=${id}-minio:9000`,
      "STORE_BUCKET=mlflow",
      "STRICT_TRANSPORT_SECURITY=",
      "TRANSFERS=direct",
      `UPSTREAM=${id}-server:5000`,
      "UPSTREAM_WAIT=1m0s",
      "URL_SCHEME=http",
    ],
    upload: [
      ...["Caddyfile", "auth/basic.caddy", "transfers/direct.caddy"].map(caddyFile),
      file("/run/secrets/auth-hash", password.bcryptHash),
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

// Terraform takes every text for a template.
const escaped = (text: string) => text.replaceAll(/[$%](?=\{)/g, (sign) => sign + sign);
