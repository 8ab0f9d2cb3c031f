/**
 * The environment variables by which the constructs set up the server, its jobs, and MLflow's libraries in them. MLflow's
 * documentation says what its own do. Those of other programs:
 *
 * - `AI_GATEWAY_HOSTS`, `WEBHOOK_HOSTS`: the hosts that `mlflow/feature_hosts.py` lets each feature reach.
 * - `DO_NOT_TRACK`: another name of `MLFLOW_DISABLE_TELEMETRY`.
 * - `LITELLM_LOCAL_MODEL_COST_MAP`: the library for AI models uses its own price list.
 * - `PGOPTIONS`: the time limit of a query.
 */
export const SERVER_SETTINGS = [
  "AI_GATEWAY_HOSTS",
  "DO_NOT_TRACK",
  "HOME",
  "LITELLM_LOCAL_MODEL_COST_MAP",
  "MLFLOW_ARTIFACTS_DESTINATION",
  "MLFLOW_BACKEND_STORE_URI",
  "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX",
  "MLFLOW_DISABLE_TELEMETRY",
  "MLFLOW_ENABLE_AI_GATEWAY",
  "MLFLOW_ENABLE_WORKSPACES",
  "MLFLOW_EXPOSE_PROMETHEUS",
  "MLFLOW_GATEWAY_ALLOWED_PROVIDERS",
  "MLFLOW_GATEWAY_API_BASE_ALLOW_PRIVATE_IPS",
  "MLFLOW_HOST",
  "MLFLOW_MODEL_CATALOG_URI",
  "MLFLOW_PORT",
  "MLFLOW_SERVER_ALLOWED_HOSTS",
  "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS",
  "MLFLOW_SERVER_ENABLE_JOB_EXECUTION",
  "MLFLOW_SERVE_ARTIFACTS",
  "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW",
  "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE",
  "MLFLOW_UVICORN_OPTS",
  "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS",
  "MLFLOW_WORKERS",
  "OPENBLAS_NUM_THREADS",
  "PGOPTIONS",
  "PYTHONDONTWRITEBYTECODE",
  "PYTHONPATH",
  "TMPDIR",
  "WEBHOOK_HOSTS",
] as const;

/** Settings of MLflow that would open what the gateway closes. No construct sets them, and a review tells of them. */
export const OPENING_SETTINGS = [
  "FORWARDED_ALLOW_IPS",
  "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE",
  "MLFLOW_SERVER_ENABLE_CUSTOM_SCORERS",
] as const;

/** The environment variables by which MLflow, boto3, libpq and the backup program connect to the stores. */
export const STORE_SETTINGS = [
  "AWS_CA_BUNDLE",
  "AWS_DEFAULT_REGION",
  "AWS_EC2_METADATA_DISABLED",
  "AWS_SHARED_CREDENTIALS_FILE",
  "MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE",
  "MLFLOW_S3_ENDPOINT_URL",
  "PGSERVICEFILE",
] as const;

/** Settings by which MLflow encrypts values in its database. Without them nobody can read these again. */
export const ENCRYPTION_SETTINGS = ["MLFLOW_CRYPTO_KEK_PASSPHRASE", "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY"] as const;

/** All settings of MLflow that are secrets. They are in a file, and in no environment. */
export const SECRET_SETTINGS = ["MLFLOW_FLASK_SERVER_SECRET_KEY", ...ENCRYPTION_SETTINGS] as const;

/** The environment variables by which MLflow's clients find the stack, log in and trust its certificate. */
export const CLIENT_SETTINGS = [
  "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE",
  "MLFLOW_TRACKING_PASSWORD",
  "MLFLOW_TRACKING_SERVER_CERT_PATH",
  "MLFLOW_TRACKING_TOKEN",
  "MLFLOW_TRACKING_URI",
  "MLFLOW_TRACKING_USERNAME",
  "REQUESTS_CA_BUNDLE",
] as const;

/** Name of an environment variable that a construct sets in a server or a job. */
export type ServerSetting = (typeof SERVER_SETTINGS)[number];

/** Name of an environment variable that no construct sets. */
export type OpeningSetting = (typeof OPENING_SETTINGS)[number];

/** Name of an environment variable of MLflow's clients. */
export type ClientSetting = (typeof CLIENT_SETTINGS)[number];

/** Values of a server's environment variables, by name. */
export type ServerSettings = { readonly [name in ServerSetting]?: string };

/** Values of the environment variables of a store's clients, by name. */
export type StoreSettings = { readonly [name in (typeof STORE_SETTINGS)[number]]?: string };

/** Id of the construct that generates a secret setting. The addresses of its resources contain it. */
export function secretId(setting: string): string {
  return setting.toLowerCase().replaceAll("_", "-");
}
