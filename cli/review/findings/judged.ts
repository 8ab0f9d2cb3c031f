import { CADDY_FOLDER, HASHES_FOLDER, USERS_FILE } from "../../../lib/contract/gateway-settings";
import { CONFIGURATION_FILE, SUBJECTS_FILE } from "../../../lib/contract/oauth2-files";
import { IMAGE_ID_FILE } from "../../../lib/contract/dumps";
import { SECRETS_FOLDER } from "../../../lib/contract/secret-files";
import { POLICY_FILE } from "../../../lib/contract/store-identity";
import { KNOWN_PARTS } from "../../terraform/json/plan-actions";
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

const SECRETS =
  /^(pg_service\.conf|aws-credentials|mlflow\.env|minio-(root-user|root-password|access-key|secret-key)|postgres-password|oauth2-(client|cookie)-secret|tls-private-key\.pem)$/;
const FILES = new Set([
  USERS_FILE,
  CONFIGURATION_FILE,
  SUBJECTS_FILE,
  POLICY_FILE,
  // Of the image, of which the findings tell.
  IMAGE_ID_FILE,
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
  /^(backup_passphrase|client_environment|images|passwords?|url|username|volumes|console_password|console_username|root_certificate)$/;

/** Parts of a plan that the review reads, or that say nothing of what an apply does. Of what is deferred nobody knows more. */
export const JUDGED_PARTS_OF_PLAN = new Set([...KNOWN_PARTS].filter((part) => !part.startsWith("deferred_")));

// Values with which Docker, the provider or the library makes what is new.
const HARMLESS: { readonly [type: string]: { readonly [attribute: string]: RegExp } } = {
  docker_container: {
    command:
      /^\["(--config=\/etc\/oauth2-proxy\/oauth2-proxy\.cfg|\/data\/caddy\/pki\/authorities\/local\/root\.crt)"\]$/,
    entrypoint: /^\["(cat|bash)"\]$/,
    init: /^true$/,
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
