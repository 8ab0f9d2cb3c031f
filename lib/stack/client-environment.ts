import { Fn } from "cdktf";
import type { ClientSetting } from "../contract/server-settings";
import type { AuthGateway } from "../gateway/auth-gateway";

const BUNDLE = '"${XDG_CACHE_HOME:-$HOME/.cache}/cdktf-mlflow/STACK-roots.pem"';

/** Files with the authorities that a system trusts: on Debian; on macOS, BSD and Alpine; on Red Hat. */
export const TRUSTED_ROOTS = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/ssl/cert.pem",
  "/etc/pki/tls/certs/ca-bundle.crt",
];

// From this size on, uploads in parts that bypass MLflow are faster (bench/README.md). The client's default is 500 MiB.
const MIN_PARTS_SIZE = 16 * 1024 ** 2;

/**
 * Shell lines that set up MLflow's clients: address, login and certificate.
 *
 * If the gateway has its own authority, they write a file with the authorities of the machine and that of the gateway,
 * because a client uses one file for all its connections.
 */
export function clientEnvironment(
  { url, username, password, rootCertificate, directTransfers }: AuthGateway,
  stack: string,
): string {
  const lines = [exported("MLFLOW_TRACKING_URI", `'${url}'`)];
  if (directTransfers) lines.push(exported("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", `'${MIN_PARTS_SIZE}'`));
  if (username !== undefined && password !== undefined) {
    lines.push(
      exported("MLFLOW_TRACKING_USERNAME", `'${username}'`),
      // Escapes `'` for the shell as `'\''`; backslashes are doubled because Terraform removes one.
      exported("MLFLOW_TRACKING_PASSWORD", `'${Fn.replace(password.unsafeUnwrap(), "'", "'\\\\''")}'`),
    );
  }
  if (rootCertificate !== undefined) {
    lines.push(
      // Presigned transfers use the second one. Both replace the authorities that the client would trust otherwise.
      exported("MLFLOW_TRACKING_SERVER_CERT_PATH", shell(BUNDLE, stack)),
      exported("REQUESTS_CA_BUNDLE", '"$MLFLOW_TRACKING_SERVER_CERT_PATH"'),
      'mkdir -p "$(dirname "$REQUESTS_CA_BUNDLE")"',
      `{ cat ${TRUSTED_ROOTS.join(" ")} 2>/dev/null; printf '%s\\n' '${rootCertificate}'; } > "$REQUESTS_CA_BUNDLE"`,
    );
  }
  return [...lines, ""].join("\n");
}

function exported(name: ClientSetting, word: string): string {
  return `export ${name}=${word}`;
}

// Escapes `${` for Terraform. The replacement is a function, because `$$` in a replacement string means `$`.
function shell(text: string, stack: string): string {
  return text.replace("STACK", stack).replaceAll("${", () => "$${");
}
