import type { IConstruct } from "constructs";
import { Token } from "cdktf";
import { ValidationError } from "../values/errors";
import type { SecretValue } from "../secrets/secret";
import type { ServiceFile } from "../network/service-network";
import { secretText } from "../secrets/terraform-text";

const IDENTIFIER = /^[a-z_][a-z0-9_]{0,62}$/;

/** Where the service file lies in every client's container. */
export const SERVICE_FILE = "/run/secrets/pg_service.conf";

/** Name of the libpq service: a client connects with `service=mlflow` and needs to know nothing else. */
export const SERVICE_NAME = "mlflow";

/** What a libpq service file says. */
export interface PostgresConnection {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly username: string;
  readonly password: SecretValue;
  readonly sslMode: string;
  readonly sslRootCertificate?: string;
}

/**
 * A libpq service file. Unlike a password file it may be readable for all in the container, and unlike an address it
 * needs no escaping: a value is the rest of its line.
 */
export function serviceFile(connection: PostgresConnection): ServiceFile {
  const { host, port, database, username, password, sslMode, sslRootCertificate } = connection;
  const root = sslRootCertificate ? `sslrootcert=${sslRootCertificate}\n` : "";
  return {
    path: SERVICE_FILE,
    secret: true,
    content: secretText`[${SERVICE_NAME}]
host=${host}
port=${port}
dbname=${database}
user=${username}
password=${password}
sslmode=${sslMode}
${root}`,
  };
}

/** Fails on names that PostgreSQL would only take in quotes. */
export function validateIdentifier(prop: string, value: string, scope: IConstruct): void {
  if (!Token.isUnresolved(value) && !IDENTIFIER.test(value)) {
    throw new ValidationError(
      "PostgresIdentifier",
      `'${prop}' must be 1 to 63 of a-z, 0-9 and _ and not start with a digit, got: '${value}'`,
      scope,
    );
  }
}
