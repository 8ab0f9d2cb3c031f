import type { EnvironmentReader } from "./environment-reader";
import type { SecretName } from "./environment-variables";
import { ArtifactStore } from "../stores/artifact-store";
import { BackendStore } from "../stores/backend-store";
import { ValidationError } from "../values/errors";

const S3_KEYS = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] as const;

/**
 * The database, as environment variables describe it.
 *
 * @throws ValidationError when DB_URL is not the address of a PostgreSQL database.
 */
export function backendStoreFrom(environment: EnvironmentReader): BackendStore {
  const url = databaseUrl(environment);
  if (!url) return BackendStore.postgres({ image: environment.image("POSTGRES_IMAGE") });

  return BackendStore.external({
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? undefined : Number(url.port),
    database: decodeURIComponent(url.pathname.slice(1)),
    username: decodeURIComponent(url.username),
    password: environment.secret("DB_URL"),
    sslMode: url.searchParams.get("sslmode") ?? undefined,
    caCertificate: environment.value("DB_CA_CERTIFICATE"),
    toolsImage: environment.image("POSTGRES_IMAGE"),
  });
}

/**
 * The object store, as environment variables describe it.
 *
 * @throws ValidationError when settings of an external store are missing.
 */
export function artifactStoreFrom(environment: EnvironmentReader): ArtifactStore {
  if (!usesExternalBucket(environment)) {
    return ArtifactStore.minio({
      image: environment.image("MINIO_IMAGE"),
      console: environment.flag("MINIO_CONSOLE"),
      s3Api: environment.flag("MINIO_S3_API"),
    });
  }
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "MLFLOW_S3_BUCKET"] as const) {
    if (environment.value(name) === undefined) {
      throw new ValidationError("S3Environment", `${name} must be set to use an external S3 store`);
    }
  }
  return ArtifactStore.s3({
    bucket: environment.value("MLFLOW_S3_BUCKET") ?? "",
    prefix: environment.value("MLFLOW_S3_PREFIX"),
    endpoint: environment.value("MLFLOW_S3_ENDPOINT_URL"),
    caCertificate: environment.value("MLFLOW_S3_CA_CERTIFICATE"),
    reachableByClients: environment.flag("MLFLOW_S3_REACHABLE_BY_CLIENTS"),
    region: environment.value("AWS_DEFAULT_REGION") ?? environment.value("AWS_REGION"),
    accessKeyId: environment.secret("AWS_ACCESS_KEY_ID"),
    secretAccessKey: environment.secret("AWS_SECRET_ACCESS_KEY"),
    sessionToken:
      environment.value("AWS_SESSION_TOKEN") === undefined ? undefined : environment.secret("AWS_SESSION_TOKEN"),
  });
}

/** The secrets of the stores that are used. Keys that are set for other programs are not among them. */
export function storeSecrets(environment: EnvironmentReader): [SecretName, string | undefined][] {
  const database = databaseUrl(environment);
  const keys = usesExternalBucket(environment) ? S3_KEYS : [];
  return [
    ["DB_URL", database && decodeURIComponent(database.password)],
    ...keys.map((name): [SecretName, string | undefined] => [name, environment.value(name)]),
  ];
}

function usesExternalBucket(environment: EnvironmentReader): boolean {
  return (
    environment.value("MLFLOW_S3_ENDPOINT_URL") !== undefined || environment.value("MLFLOW_S3_BUCKET") !== undefined
  );
}

// The messages never repeat the value, which holds a password.
function databaseUrl(environment: EnvironmentReader): URL | undefined {
  const value = environment.value("DB_URL");
  if (value === undefined) return undefined;

  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !/^postgres(ql)?(\+\w+)?:$/.test(url.protocol)) {
    throw new ValidationError(
      "DatabaseUrl",
      "DB_URL must be the address of a PostgreSQL database, such as postgresql://user:password@host:5432/mlflow?sslmode=require",
    );
  }
  const parts = { host: url.hostname, user: url.username, password: url.password, database: url.pathname.slice(1) };
  for (const [part, given] of Object.entries(parts)) {
    if (given !== "") continue;
    throw new ValidationError("DatabaseUrl", `DB_URL must name a ${part}: postgresql://user:password@host:5432/mlflow`);
  }
  for (const [name] of url.searchParams) {
    if (name === "sslmode") continue;
    throw new ValidationError("DatabaseUrl", `DB_URL may have the parameter sslmode and no other, got: '${name}'`);
  }
  return url;
}
