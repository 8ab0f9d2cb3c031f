import type { Construct } from "constructs";
import { OPENING_SETTINGS, SECRET_SETTINGS } from "../contract/server-settings";
import type { OpeningSetting, ServerSetting, ServerSettings } from "../contract/server-settings";
import { IDENTITY_SETTINGS } from "../contract/store-identity";
import { ValidationError } from "../values/errors";

type Setting = ServerSetting | OpeningSetting | (typeof SECRET_SETTINGS | typeof IDENTITY_SETTINGS)[number];

interface Taken {
  /** Environment variables of the contract. */
  readonly settings?: readonly Setting[];

  /** Further environment variables and flags of MLflow, and what their names begin with. */
  readonly others?: RegExp;

  /** The alternative. */
  readonly remedy: string;
}

// Settings that the constructs set themselves, or that would open or break the stack.
const TAKEN: readonly Taken[] = [
  {
    settings: ["MLFLOW_BACKEND_STORE_URI"],
    others:
      /^(MLFLOW_(REGISTRY_STORE|TRACKING)_URI|PG[A-Z]+|--(backend-store|registry-store|read-replica-backend-store)-uri)$/,
    remedy: "use 'backendStore'",
  },
  {
    settings: ["MLFLOW_ARTIFACTS_DESTINATION", "MLFLOW_SERVE_ARTIFACTS"],
    others:
      /^(AWS_|MLFLOW_S3_|MLFLOW_BOTO_|(MLFLOW_DEFAULT_ARTIFACT_ROOT|MLFLOW_ARTIFACTS_ONLY|--artifacts-destination|--default-artifact-root|--(no-)?serve-artifacts|--artifacts-only)$)/,
    remedy: "use 'artifactStore'",
  },
  {
    settings: ["MLFLOW_SERVER_ALLOWED_HOSTS", "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"],
    others: /^--(allowed-hosts|cors-allowed-origins)$/,
    remedy: "use 'hostNames', and 'url' of the gateway",
  },
  { settings: ["MLFLOW_WORKERS"], others: /^(--workers|-w)$/, remedy: "use 'workers'" },
  {
    settings: ["MLFLOW_SQLALCHEMYSTORE_POOL_SIZE", "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW"],
    others: /^MLFLOW_SQLALCHEMYSTORE_POOLCLASS$/,
    remedy: "use 'connectionPool'",
  },
  { settings: ["PYTHONPATH"], others: /^PYTHONHOME$/, remedy: "install modules into the image" },
  { others: /^--app-name$/, remedy: "the server answers its gateway only by it, and 'auth' has the users" },
  {
    settings: [
      "MLFLOW_DISABLE_TELEMETRY",
      "DO_NOT_TRACK",
      "MLFLOW_SERVER_ENABLE_JOB_EXECUTION",
      "MLFLOW_ENABLE_AI_GATEWAY",
      "MLFLOW_GATEWAY_ALLOWED_PROVIDERS",
      "MLFLOW_ENABLE_WORKSPACES",
      "MLFLOW_EXPOSE_PROMETHEUS",
      "WEBHOOK_HOSTS",
      "AI_GATEWAY_HOSTS",
    ],
    others: /^(PROMETHEUS_MULTIPROC_DIR|prometheus_multiproc_dir|--((en|dis)able-workspaces|expose-prometheus))$/,
    remedy: "use 'features'",
  },
  { others: /^(MLFLOW_WORKSPACE(_STORE_URI)?|--workspace-store-uri)$/, remedy: "the gateway chooses the workspace" },
  {
    settings: ["MLFLOW_GATEWAY_API_BASE_ALLOW_PRIVATE_IPS", "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS"],
    others: /^MLFLOW_(GATEWAY_API_BASE|WEBHOOK)_ALLOW/,
    remedy: "egress is by TLS through the proxy of 'egress', which checks addresses",
  },
  {
    settings: ["MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX", "MLFLOW_HOST", "MLFLOW_PORT"],
    others: /^(MLFLOW_STATIC_PREFIX|--(host|port|static-prefix)|-h|-p)$/,
    remedy: "the gateway relies on it",
  },
  {
    others: /^(MLFLOW_(GUNICORN|WAITRESS)_OPTS|--(gunicorn|waitress|uvicorn)-opts|--dev)$/,
    remedy: "the gateway relies on uvicorn as it is set up",
  },
  { settings: IDENTITY_SETTINGS, remedy: "the server recognizes its own stores by it" },
  {
    settings: OPENING_SETTINGS,
    others: /^(MLFLOW_GATEWAY_RESOLVE_API_KEY_FROM_|--disable-security-middleware$)/,
    remedy: "it would open what the gateway closes",
  },
  {
    settings: SECRET_SETTINGS,
    // A restore encrypts with version 1 of the passphrase.
    others: /^MLFLOW_CRYPTO_KEK_VERSION$/,
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

  const { MLFLOW_UVICORN_OPTS: options = "" }: ServerSettings = environment;
  const uvicorn = UVICORN_TAKEN.exec(options);
  if (uvicorn) {
    throw new ValidationError(
      "MlflowSetting",
      `'environment' must not set '${uvicorn[0]}' in MLFLOW_UVICORN_OPTS: the gateway relies on it`,
      scope,
    );
  }
}

function refuseTaken(prop: string, name: string, scope: Construct): void {
  const taken = TAKEN.find(
    ({ settings, others }) => settings?.some((setting) => setting === name) === true || others?.test(name) === true,
  );
  if (taken) {
    throw new ValidationError("MlflowSetting", `'${prop}' must not hold '${name}': ${taken.remedy}`, scope);
  }
}
