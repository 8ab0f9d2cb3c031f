import type { Construct } from "constructs";
import { ENCRYPTION_SETTINGS, secretId } from "../contract/server-settings";
import type { SECRET_SETTINGS } from "../contract/server-settings";
import type { ServiceFile } from "../network/service-network";
import { Secret } from "../secrets/secret";
import type { SecretValue } from "../secrets/secret";
import { secretText } from "../secrets/terraform-text";

/** An env file for `mlflow --env-file`. */
export const SECRETS_FILE = "/run/secrets/mlflow.env";

const ENCRYPTION: ReadonlySet<string> = new Set(ENCRYPTION_SETTINGS);

/** The secret settings of a server. */
export interface ServerSecrets {
  readonly file: ServiceFile;

  /** Those that MLflow encrypts with, by the name of their setting. */
  readonly encryption: { [name: string]: SecretValue };
}

/**
 * The env file with MLflow's own secrets and those of the caller.
 *
 * MLflow reads its secrets from the environment only. They must be the same in all workers and after every restart.
 */
export function serverSecrets(scope: Construct, secretEnvironment: { [name: string]: Secret }): ServerSecrets {
  const own: { [name in (typeof SECRET_SETTINGS)[number]]: Secret } = {
    MLFLOW_FLASK_SERVER_SECRET_KEY: Secret.generated(),
    MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY: Secret.generatedKey(),
    MLFLOW_CRYPTO_KEK_PASSPHRASE: Secret.generated(),
  };
  const secrets: { [name: string]: Secret } = {
    ...own,
    // Sorted, so that reordering lines in the caller's code does not restart the server.
    ...Object.fromEntries(Object.entries(secretEnvironment).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
  const values = Object.entries(secrets).map(([name, secret]) => {
    const value = secret.bind(scope, secretId(name));
    // `--env-file` expands `${…}` even in single quotes, and cannot escape a quote.
    value.require(
      'length(regexall("[\'\\\\\\\\\\\\r\\\\n]|[$][{]", VALUE)) == 0',
      `The value for ${name} must not hold a quote, a backslash, a line break or a dollar sign before a brace.`,
    );
    return { name, value };
  });
  const lines = values.map(({ name, value }) => secretText`${name}='${value}'\n`);
  return {
    file: { path: SECRETS_FILE, content: lines.join(""), secret: true },
    encryption: Object.fromEntries(
      values.filter(({ name }) => ENCRYPTION.has(name)).map(({ name, value }) => [name, value]),
    ),
  };
}
