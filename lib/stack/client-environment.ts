import { Fn } from "cdktf";
import type { AuthGateway } from "../gateway/auth-gateway";

const BUNDLE = '"${XDG_CACHE_HOME:-$HOME/.cache}/cdktf-mlflow/STACK-roots.pem"';

/** Where systems keep the authorities that they trust: Debian and its kin; macOS, BSD and Alpine; Red Hat and its kin. */
export const TRUSTED_ROOTS = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/ssl/cert.pem",
  "/etc/pki/tls/certs/ca-bundle.crt",
];

// the client's own 500 MiB sends most models through MLflow; from here on parts past it are faster (bench/README.md).
const MIN_PARTS_SIZE = 16 * 1024 ** 2;

/**
 * Lines for a shell, so that MLflow's clients find the server and may pass.
 *
 * With an authority of the gateway's own they write a file with its certificate behind those of the machine, because a
 * client takes one file for all it connects to.
 */
export function clientEnvironment(
  { url, username, password, rootCertificate, directTransfers }: AuthGateway,
  stack: string,
): string {
  const lines = [`export MLFLOW_TRACKING_URI='${url}'`];
  if (directTransfers) lines.push(`export MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE='${MIN_PARTS_SIZE}'`);
  if (username !== undefined && password !== undefined) {
    lines.push(
      `export MLFLOW_TRACKING_USERNAME='${username}'`,
      // a quote ends the quoted text, stands escaped, and begins it again; Terraform takes one of two backslashes.
      `export MLFLOW_TRACKING_PASSWORD='${Fn.replace(password.unsafeUnwrap(), "'", "'\\\\''")}'`,
    );
  }
  if (rootCertificate !== undefined) {
    lines.push(
      // presigned transfers use the second one; both of them replace what the client would trust otherwise.
      `export MLFLOW_TRACKING_SERVER_CERT_PATH=${shell(BUNDLE, stack)}`,
      'export REQUESTS_CA_BUNDLE="$MLFLOW_TRACKING_SERVER_CERT_PATH"',
      'mkdir -p "$(dirname "$REQUESTS_CA_BUNDLE")"',
      `{ cat ${TRUSTED_ROOTS.join(" ")} 2>/dev/null; printf '%s\\n' '${rootCertificate}'; } > "$REQUESTS_CA_BUNDLE"`,
    );
  }
  return [...lines, ""].join("\n");
}

// a dollar sign before a brace would begin a reference of Terraform's; in what replaces it, two would be one.
function shell(text: string, stack: string): string {
  return text.replace("STACK", stack).replaceAll("${", () => "$${");
}
