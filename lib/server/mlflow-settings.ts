import type { Construct } from "constructs";
import { ValidationError } from "../values/errors";

// Settings that the constructs set themselves, or that would open or break the stack, and the alternative to each.
const TAKEN: { pattern: RegExp; remedy: string }[] = [
  { pattern: /^MLFLOW_(BACKEND_STORE|REGISTRY_STORE|TRACKING)_URI$/, remedy: "use 'backendStore'" },
  {
    pattern: /^(PG[A-Z]+|--(backend-store|registry-store|read-replica-backend-store)-uri)$/,
    remedy: "use 'backendStore'",
  },
  { pattern: /^(AWS_|MLFLOW_S3_|MLFLOW_BOTO_)/, remedy: "use 'artifactStore'" },
  {
    pattern:
      /^(MLFLOW_(ARTIFACTS_DESTINATION|DEFAULT_ARTIFACT_ROOT|SERVE_ARTIFACTS|ARTIFACTS_ONLY)|--(artifacts-destination|default-artifact-root|(no-)?serve-artifacts|artifacts-only))$/,
    remedy: "use 'artifactStore'",
  },
  {
    pattern: /^(MLFLOW_SERVER_(ALLOWED_HOSTS|CORS_ALLOWED_ORIGINS)|--(allowed-hosts|cors-allowed-origins))$/,
    remedy: "use 'hostNames', and 'url' of the gateway",
  },
  { pattern: /^(MLFLOW_WORKERS|--workers|-w)$/, remedy: "use 'workers'" },
  { pattern: /^MLFLOW_SQLALCHEMYSTORE_(POOL_SIZE|POOLCLASS|MAX_OVERFLOW)$/, remedy: "use 'connectionPool'" },
  { pattern: /^PYTHON(PATH|HOME)$/, remedy: "install modules into the image" },
  { pattern: /^--app-name$/, remedy: "the server answers its gateway only by it, and 'auth' has the users" },
  { pattern: /^(MLFLOW_DISABLE_TELEMETRY|DO_NOT_TRACK)$/, remedy: "use 'features'" },
  {
    pattern:
      /^(MLFLOW_(SERVER_ENABLE_JOB_EXECUTION|ENABLE_AI_GATEWAY|GATEWAY_ALLOWED_PROVIDERS|ENABLE_WORKSPACES|EXPOSE_PROMETHEUS)|PROMETHEUS_MULTIPROC_DIR|prometheus_multiproc_dir|--((en|dis)able-workspaces|expose-prometheus))$/,
    remedy: "use 'features'",
  },
  { pattern: /^(MLFLOW_WORKSPACE(_STORE_URI)?|--workspace-store-uri)$/, remedy: "the gateway chooses the workspace" },
  {
    pattern: /^MLFLOW_(GATEWAY_API_BASE|WEBHOOK)_ALLOW/,
    remedy: "egress is by TLS through the proxy of 'egress', which checks addresses",
  },
  { pattern: /^MLFLOW_GATEWAY_RESOLVE_API_KEY_FROM_/, remedy: "it would open what the gateway closes" },
  {
    pattern: /^MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX$/,
    remedy: "the gateway relies on it",
  },
  {
    pattern: /^(MLFLOW_(HOST|PORT|STATIC_PREFIX)|--(host|port|static-prefix)|-h|-p)$/,
    remedy: "the gateway relies on it",
  },
  {
    pattern: /^(MLFLOW_(GUNICORN|WAITRESS)_OPTS|--(gunicorn|waitress|uvicorn)-opts|--dev)$/,
    remedy: "the gateway relies on uvicorn as it is set up",
  },
  {
    pattern: /^(STACK_IDENTITY|STACK_MAKES_BUCKET|MIGRATION_JOB)$/,
    remedy: "the server recognizes its own stores by it",
  },
  {
    pattern:
      /^(MLFLOW_SERVER_(DISABLE_SECURITY_MIDDLEWARE|ENABLE_CUSTOM_SCORERS)|--disable-security-middleware|FORWARDED_ALLOW_IPS)$/,
    remedy: "it would open what the gateway closes",
  },
  {
    pattern: /^(MLFLOW_FLASK_SERVER_SECRET_KEY|MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY|MLFLOW_CRYPTO_KEK_PASSPHRASE)$/,
    remedy: "it is generated once and kept",
  },
];

// Options of uvicorn that change the server's address, or make it trust headers of any client.
const UVICORN_TAKEN = /--(host|port|uds|fd|workers|forwarded-allow-ips|root-path|ssl-)/;

/** Rejects settings of MLflow that have an option of their own or would break the stack. */
export function validateMlflowSettings(
  environment: { [name: string]: string },
  flags: string[],
  scope: Construct,
): void {
  for (const name of Object.keys(environment)) refuseTaken("environment", name, scope);
  for (const flag of flags) refuseTaken("flags", flag.split("=")[0] ?? flag, scope);

  const uvicorn = UVICORN_TAKEN.exec(environment.MLFLOW_UVICORN_OPTS ?? "");
  if (uvicorn) {
    throw new ValidationError(
      "MlflowSetting",
      `'environment' must not set '${uvicorn[0]}' in MLFLOW_UVICORN_OPTS: the gateway relies on it`,
      scope,
    );
  }
}

function refuseTaken(prop: string, name: string, scope: Construct): void {
  const taken = TAKEN.find(({ pattern }) => pattern.test(name));
  if (taken) {
    throw new ValidationError("MlflowSetting", `'${prop}' must not hold '${name}': ${taken.remedy}`, scope);
  }
}
