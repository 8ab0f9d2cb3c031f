import type { Construct } from "constructs";
import type { ServiceFile } from "../network/service-network";
import { Secret } from "../secrets/secret";
import { secretText } from "../secrets/terraform-text";

/** An env file for `mlflow --env-file`. */
export const SECRETS_FILE = "/run/secrets/mlflow.env";

/**
 * The env file with MLflow's own secrets and those of the caller.
 *
 * MLflow reads its secrets from the environment only. They must be the same in all workers and after every restart.
 */
export function secretsFile(scope: Construct, secretEnvironment: { [name: string]: Secret }): ServiceFile {
  const secrets: { [name: string]: Secret } = {
    MLFLOW_FLASK_SERVER_SECRET_KEY: Secret.generated(),
    MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY: Secret.generatedKey(),
    MLFLOW_CRYPTO_KEK_PASSPHRASE: Secret.generated(),
    // Sorted, so that reordering lines in the caller's code does not restart the server.
    ...Object.fromEntries(Object.entries(secretEnvironment).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
  const lines = Object.entries(secrets).map(([name, secret]) => {
    const value = secret.bind(scope, name.toLowerCase().replaceAll("_", "-"));
    // `--env-file` expands `${…}` even in single quotes, and cannot escape a quote.
    value.require(
      'length(regexall("[\'\\\\\\\\\\\\r\\\\n]|[$][{]", VALUE)) == 0',
      `The value for ${name} must not hold a quote, a backslash, a line break or a dollar sign before a brace.`,
    );
    return secretText`${name}='${value}'\n`;
  });
  return { path: SECRETS_FILE, content: lines.join(""), secret: true };
}
