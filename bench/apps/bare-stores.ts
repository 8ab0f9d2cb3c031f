import { Image } from "@cdktf/provider-docker/lib/image";
import type { Network } from "@cdktf/provider-docker/lib/network";
import { Volume } from "@cdktf/provider-docker/lib/volume";
import { Password } from "@cdktf/provider-random/lib/password";
import type { TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { BUCKET_JOB, bucketPolicy } from "../../lib/stores/minio-bucket-job";
import { RELEASES, imageName, postgresVersion } from "../../lib/values/releases";
import { addJob, addService, escaped, file, health, role } from "./bare-container";

const START = `if [ -s "$PGDATA/PG_VERSION" ]; then
  password=$(sed "s/'/''/g" "$POSTGRES_PASSWORD_FILE")
  printf "alter role \"%s\" password '%s'\\n" "$POSTGRES_USER" "$password" |
    postgres --single -D "$PGDATA" -c log_min_error_statement=panic "$POSTGRES_DB" >/dev/null
fi
exec docker-entrypoint.sh "$@"`;

const MAJOR = RELEASES.postgres.default;
const POSTGRES = imageName({ image: RELEASES.postgres.image, version: postgresVersion(MAJOR) ?? "" });

/** PostgreSQL. */
export function addPostgres(stack: TerraformStack, network: Network) {
  const { id } = stack.node;
  const scope = new Construct(stack, "postgres");
  const password = new Password(scope, "password", { length: 32, special: false });
  const data = new Volume(scope, `data-${MAJOR}`, {
    name: `${id}-postgres-data-${MAJOR}`,
    lifecycle: { preventDestroy: true },
  });
  const image = new Image(scope, "image", { name: POSTGRES, keepLocally: true });
  const container = addService(scope, {
    labels: [role("database")],
    name: `${id}-postgres`,
    image: image.imageId,
    entrypoint: ["bash", "-c", START, "start"],
    command: [
      "postgres",
      ...["-c", "effective_cache_size=384MB", "-c", "listen_addresses=*", "-c", "maintenance_work_mem=32MB"],
      ...["-c", "max_connections=100", "-c", "random_page_cost=1.1", "-c", "shared_buffers=128MB"],
      ...["-c", "wal_compression=on"],
    ],
    env: [
      `PGDATA=/var/lib/postgresql/${MAJOR}/docker`,
      "POSTGRES_DB=mlflow",
      "POSTGRES_PASSWORD_FILE=/run/secrets/postgres-password",
      "POSTGRES_USER=mlflow",
    ],
    upload: [file("/run/secrets/postgres-password", password.result)],
    volumes: [{ containerPath: "/var/lib/postgresql", volumeName: data.id }],
    networksAdvanced: [{ name: network.id }],
    user: "postgres",
    memory: 512,
    shmSize: 256,
    healthcheck: health("2s", ["pg_isready", "-q", "-h", "127.0.0.1", "-U", "mlflow", "-d", "mlflow"]),
    waitTimeout: 102,
    stopSignal: "SIGINT",
    stopTimeout: 90,
  });
  const serviceFile = file(
    "/run/secrets/pg_service.conf",
    `[mlflow]\nhost=${id}-postgres\nport=5432\ndbname=mlflow\nuser=mlflow\npassword=${password.result}\nsslmode=disable\n`,
  );
  return { container, data, image, serviceFile };
}

/** The object store, and the job that creates its bucket. */
export function addMinio(stack: TerraformStack, network: Network, identity: string) {
  const { id } = stack.node;
  const scope = new Construct(stack, "minio");
  const secret = (id: string, length: number) => new Password(scope, id, { length, special: false });
  const rootUser = secret("root-user", 20);
  const rootPassword = secret("root-password", 32);
  const accessKey = secret("access-key", 20);
  const secretKey = secret("secret-key", 40);
  const rootFiles = [
    file("/run/secrets/minio-root-user", rootUser.result),
    file("/run/secrets/minio-root-password", rootPassword.result),
  ];
  const data = new Volume(scope, "data", { name: `${id}-minio-data`, lifecycle: { preventDestroy: true } });
  const image = new Image(scope, "image", { name: imageName(RELEASES.silo), keepLocally: true });
  const container = addService(scope, {
    labels: [role("object-store")],
    name: `${id}-minio`,
    image: image.imageId,
    command: ["server", "/data", "--address", ":9000"],
    env: [
      "MINIO_API_STALE_UPLOADS_CLEANUP_INTERVAL=1h",
      "MINIO_API_STALE_UPLOADS_EXPIRY=23h",
      "MINIO_BROWSER=off",
      "MINIO_REGION=us-east-1",
      "MINIO_ROOT_PASSWORD_FILE=/run/secrets/minio-root-password",
      "MINIO_ROOT_USER_FILE=/run/secrets/minio-root-user",
      "MINIO_UPDATE=off",
    ],
    upload: rootFiles,
    volumes: [{ containerPath: "/data", volumeName: data.id }],
    networksAdvanced: [{ name: network.id }],
    memory: 1024,
    healthcheck: health("2s", ["mc", "ready", "local"]),
    waitTimeout: 102,
    stopTimeout: 30,
  });
  const bucketJob = addJob(scope, "bucket", "The bucket 'mlflow' and its user could not be made.", {
    name: `${id}-minio-bucket`,
    image: image.imageId,
    entrypoint: ["/bin/sh", "-c"],
    command: [escaped(BUCKET_JOB)],
    env: [
      "ACCESS_KEY_FILE=/run/secrets/minio-access-key",
      "BUCKET=mlflow",
      `ENDPOINT=${id}-minio:9000`,
      `IDENTITIES=${identity}`,
      "POLICY=/etc/minio/policy.json",
      "ROOT_PASSWORD_FILE=/run/secrets/minio-root-password",
      "ROOT_USER_FILE=/run/secrets/minio-root-user",
      "SECRET_KEY_FILE=/run/secrets/minio-secret-key",
    ],
    upload: [
      ...rootFiles,
      file("/run/secrets/minio-access-key", accessKey.result),
      file("/run/secrets/minio-secret-key", secretKey.result),
      file("/etc/minio/policy.json", bucketPolicy("mlflow")),
    ],
    labels: [role("bucket-job"), { label: "cdktf-mlflow.triggers", value: data.id }],
    networksAdvanced: [{ name: network.id }],
    memory: 256,
    dependsOn: [container],
  });
  const credentialsFile = file(
    "/run/secrets/aws-credentials",
    `[default]\naws_access_key_id = ${accessKey.result}\naws_secret_access_key = ${secretKey.result}\n`,
  );
  return { data, image, bucketJob, credentialsFile };
}
