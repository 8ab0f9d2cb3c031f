import { Token } from "cdktf";
import type { IConstruct } from "constructs";
import { Port } from "../contract/ports";
import type { StoreSettings } from "../contract/server-settings";
import { SERVICE_NAME } from "../contract/store-identity";
import { ValidationError } from "../values/errors";
import { ServiceFile } from "../network/service-file";
import { secretText } from "../secrets/terraform-text";
import type { SecretValue } from "../secrets/secret";
import { storeHosts } from "./store-hosts";
import type { ClientSettings } from "./store";

const CA_FILE = "/etc/mlflow/postgres-ca.pem";
const SSL_MODES = ["disable", "require", "verify-ca", "verify-full"];
const IDENTIFIER = /^[a-z_][a-z0-9_]{0,62}$/;

/** A database on a PostgreSQL server, and how to connect to it. */
export interface PostgresClientOptions {
  /** Host name or address of the server. */
  readonly host: string;

  /**
   * TCP port of the server.
   *
   * @default 5432
   */
  readonly port?: number;

  /** Name of the database. */
  readonly database: string;

  /** Name of the user. */
  readonly username: string;

  /** Password of the user. */
  readonly password: SecretValue;

  /**
   * How the connection is encrypted, in libpq's words: `disable`, `require`, `verify-ca` or `verify-full`.
   *
   * @default "verify-full"
   */
  readonly sslMode?: string;

  /**
   * Certificate of the authority that signed the server's certificate, in PEM form.
   *
   * @default - the authorities that the image trusts
   */
  readonly caCertificate?: string;

  /** Whether the server is outside of the network, so that clients need egress. */
  readonly external: boolean;

  /**
   * Services and jobs that a client starts after.
   *
   * @default - none
   */
  readonly dependsOn?: IConstruct[];

  /**
   * Values that change when the database is recreated empty.
   *
   * @default - none
   */
  readonly triggers?: string[];
}

/** How clients connect to PostgreSQL: by a libpq service file, for backend stores of your own too. */
export class PostgresClient {
  /**
   * The settings of a client. A libpq service file may be readable for all users of the container, unlike a password file,
   * and needs no escaping, unlike a connection URI: a value is the rest of its line.
   *
   * @param scope the store.
   * @throws ValidationError when `sslMode` is unknown, or a name or the host is empty, or would not survive as the rest of
   * a line.
   */
  public static settings(scope: IConstruct, options: PostgresClientOptions): ClientSettings {
    const {
      host,
      port = Port.POSTGRES,
      database,
      username,
      password,
      sslMode = "verify-full",
      caCertificate,
    } = options;
    for (const [prop, value] of Object.entries({ host, database, username })) validateLine(prop, value, scope);
    if (!SSL_MODES.includes(sslMode)) {
      throw new ValidationError(
        "SslMode",
        `'sslMode' must be one of ${SSL_MODES.join(", ")}, got: '${sslMode}'`,
        scope,
      );
    }
    password.require(
      'VALUE == trimspace(VALUE) && length(regexall("[\\\\r\\\\n]", VALUE)) == 0',
      "The database password must not begin or end with a blank, or hold a line break.",
    );

    const rootCertificate = caCertificate ? CA_FILE : sslMode.startsWith("verify") ? "system" : undefined;
    const service = ServiceFile.ofSecret(
      "pg_service.conf",
      secretText`[${SERVICE_NAME}]
host=${host}
port=${port}
dbname=${database}
user=${username}
password=${password}
sslmode=${sslMode}
` + (rootCertificate === undefined ? "" : `sslrootcert=${rootCertificate}\n`),
    );
    return {
      environment: { PGSERVICEFILE: service.path } satisfies StoreSettings,
      files: [service, ...(caCertificate ? [ServiceFile.of(CA_FILE, caCertificate)] : [])],
      dependsOn: options.dependsOn ?? [],
      external: options.external,
      hosts: options.external ? storeHosts(host, port, false) : undefined,
      triggers: options.triggers ?? [],
    };
  }

  private constructor() {}
}

/** @throws ValidationError when PostgreSQL would take a name only in quotes. */
export function validateIdentifier(prop: string, value: string, scope: IConstruct): void {
  if (!Token.isUnresolved(value) && !IDENTIFIER.test(value)) {
    throw new ValidationError(
      "PostgresIdentifier",
      `'${prop}' must be 1 to 63 of a-z, 0-9 and _ and not start with a digit, got: '${value}'`,
      scope,
    );
  }
}

function validateLine(prop: string, value: string, scope: IConstruct): void {
  if (!Token.isUnresolved(value) && (value !== value.trim() || value === "" || /[\r\n]/.test(value))) {
    throw new ValidationError(
      "PostgresConnection",
      `'${prop}' must not be empty, begin or end with a blank, or hold a line break, got: '${value}'`,
      scope,
    );
  }
}
