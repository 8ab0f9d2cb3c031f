import { CADDY_FOLDER, HASHES_FOLDER, USERS_FILE } from "../../../lib/contract/gateway-settings";
import { CONFIGURATION_FILE, SUBJECTS_FILE } from "../../../lib/contract/oauth2-files";
import { SECRETS_FOLDER } from "../../../lib/contract/secret-files";
import { POLICY_FILE } from "../../../lib/contract/store-identity";
import { isEmptyValue } from "../plan/attributes";
import { RIGHTS } from "../access/host-rights";

// Lists of what a review knows. Whatever is not in them must be read by a person.

/** Attributes of a container without an effect on users, data and access, and those of which a finding tells every change. */
export const JUDGED_ATTRIBUTES = new Set([
  // Computed by the engine or the provider.
  "id",
  "bridge",
  "network_data",
  "exit_code",
  "container_logs",
  // Only the provider reads them, when it makes or removes the container.
  "attach",
  "logs",
  "rm",
  "remove_volumes",
  "container_read_refresh_timeout_milliseconds",
  "timeouts",
  // The downtime.
  "wait_timeout",
  // settingEffects()
  "wait",
  "restart",
  "memory",
  "memory_swap",
  "healthcheck",
  "stop_timeout",
  "destroy_grace_seconds",
  // The verdict on the container.
  "name",
  // Compared by their parts below.
  "env",
  "upload",
  "ports",
  "networks_advanced",
  "volumes",
  "mounts",
  "image",
  "labels",
  "must_run",
  ...RIGHTS,
]);

/** Parts of blocks that the review compares. */
export const JUDGED_PARTS: { readonly [block: string]: readonly string[] } = {
  ports: ["internal", "external", "ip", "protocol"],
  networks_advanced: ["name"],
  volumes: ["container_path", "host_path", "volume_name", "from_container", "read_only"],
  mounts: ["target", "source", "type", "read_only"],
  upload: ["file", "content"],
  labels: [],
};

/** Environment variables without such an effect, and those of which a finding tells every change. */
export const JUDGED_VARIABLES =
  /^(ACME_EMAIL|ADMIN_(EMAILS|GROUPS|MACHINES)|AUTH_METHOD|CONSOLE(_ADDRESS|_AUTH_METHOD|_PORT|_UPSTREAM)?|CONTENT_SECURITY_POLICY(_REPORT_ONLY)?|EGRESS_(HOSTS|PORTS|PRIVATE_HOSTS)|FAILED_LOGINS_(PER_ADDRESS|PER_USER|WINDOW)|FEATURES|OAUTH2_(COOKIE|LOGOUT|PROXY)|RATE_LIMIT_(EVENTS|WINDOW)|S3_API(_ADDRESS|_PORT|_UPSTREAM)?|SITE_ADDRESS|STORE(_PATH|_SCHEME)?|STRICT_TRANSPORT_SECURITY|TLS|TRANSFERS|TRUSTED_PROXIES|UPSTREAM(_WAIT)?|URL_(HOSTNAME|ORIGIN|PORT|SCHEME)|WRITE_(EMAILS|GROUPS|MACHINES)|DO_NOT_TRACK|MLFLOW_(ARTIFACTS_DESTINATION|S3_ENDPOINT_URL|BACKEND_STORE_URI|SERVER_ALLOWED_HOSTS|SERVER_CORS_ALLOWED_ORIGINS|GATEWAY_ALLOWED_PROVIDERS|ENABLE_AI_GATEWAY|SERVER_ENABLE_JOB_EXECUTION|ENABLE_WORKSPACES|DISABLE_TELEMETRY|SERVER_DISABLE_SECURITY_MIDDLEWARE|GATEWAY_API_BASE_ALLOW_PRIVATE_IPS|WEBHOOK_ALLOW_PRIVATE_IPS|WORKERS|SQLALCHEMYSTORE_(POOL_SIZE|MAX_OVERFLOW)|EXPOSE_PROMETHEUS)|LITELLM_LOCAL_MODEL_COST_MAP|PGOPTIONS|MINIO_BROWSER|STACK_IDENTITY|IDENTITIES|BUCKET)$/;

const SECRETS =
  /^(pg_service\.conf|aws-credentials|mlflow\.env|minio-(root-user|root-password|access-key|secret-key)|postgres-password|oauth2-(client|cookie)-secret|tls-private-key\.pem)$/;
const FILES = new Set([
  USERS_FILE,
  CONFIGURATION_FILE,
  SUBJECTS_FILE,
  POLICY_FILE,
  `${CADDY_FOLDER}/tls/certificate.pem`,
]);

/** Whether a finding tells every change of a file. */
export function isJudgedFile(path: string): boolean {
  if (path.startsWith(`${HASHES_FOLDER}/`)) return true;
  return path.startsWith(SECRETS_FOLDER) ? SECRETS.test(path.slice(SECRETS_FOLDER.length)) : FILES.has(path);
}

/** Resource types of which the review tells every change, with the attributes that it judges. */
export const JUDGED_TYPES: { readonly [type: string]: readonly string[] } = {
  docker_image: [
    "name",
    "image_id",
    "repo_digest",
    "id",
    "keep_locally",
    "force_remove",
    "pull_triggers",
    "triggers",
    "timeouts",
  ],
  docker_network: ["id", "name", "internal", "labels", "scope"],
  docker_volume: ["id", "name", "labels", "mountpoint"],
  // What they hold is judged by the files in which it stands.
  random_bytes: ["base64", "hex", "id", "keepers", "length"],
  random_password: [
    "bcrypt_hash",
    "id",
    "keepers",
    "length",
    "lower",
    "min_lower",
    "min_numeric",
    "min_special",
    "min_upper",
    "number",
    "numeric",
    "override_special",
    "result",
    "special",
    "upper",
  ],
  terraform_data: ["id", "input", "output", "triggers_replace"],
};

/** Data sources that only look something up. */
export const JUDGED_DATA = /^(docker_(image|network|registry_image)|terraform_remote_state)$/;

/** Outputs of `MlflowStack`, which tell about it and change nothing. */
export const JUDGED_OUTPUTS =
  /^(client_environment|images|passwords?|url|username|volumes|console_password|console_username|root_certificate)$/;

/** Parts of a plan that the review reads, or that say nothing of what an apply does. */
export const JUDGED_PARTS_OF_PLAN = new Set([
  "format_version",
  "terraform_version",
  "planned_values",
  "resource_changes",
  "resource_drift",
  "output_changes",
  "action_invocations",
  "variables",
  "configuration",
  "prior_state",
  "relevant_attributes",
  "checks",
  "timestamp",
  "applyable",
  "complete",
  "errored",
]);

// Values with which Docker, the provider or the library makes what is new.
const HARMLESS: { readonly [type: string]: { readonly [attribute: string]: RegExp } } = {
  docker_container: {
    command: /^$/,
    log_driver: /^"json-file"$/,
    log_opts: /./,
    restart: /./,
    shm_size: /^(64|\d{3,})$/,
    start: /^true$/,
    stop_signal: /^"SIG(INT|TERM)"$/,
    ulimit: /^\[\{"hard":8192,"name":"nproc","soft":8192\}\]$/,
    user: /^"(1000:1000|65532:65532|postgres)"$/,
  },
  docker_network: {
    driver: /^"bridge"$/,
    ipam_driver: /^"default"$/,
    options: /^\{"com.docker.network.bridge.enable_icc":"false"\}$/,
  },
  docker_volume: { driver: /^"local"$/ },
};

const BUILD_PARTS = /^(builder|context|dockerfile|build_args|remove)$/;

/** Whether a value of a new resource is nothing to read. */
export function isHarmless(type: string, attribute: string, value: unknown): boolean {
  if (type === "docker_image" && attribute === "build" && Array.isArray(value))
    return value.every((block) =>
      Object.entries(block as object).every(([part, set]) => BUILD_PARTS.test(part) || isEmptyValue(set)),
    );
  return isEmptyValue(value) || HARMLESS[type]?.[attribute]?.test(JSON.stringify(value)) === true;
}
