import { Token } from "cdktf";
import { Construct } from "constructs";
import { ValidationError } from "../values/errors";
import { rejectLoopback } from "../values/loopback";
import { SERVICE_FILE, serviceFile } from "./postgres-client";
import type { Secret } from "../secrets/secret";
import type { ClientSettings, IBackendStore } from "./store";

const PORT = 5432;
const CA_FILE = "/run/secrets/postgres-ca.pem";
const MODES = ["disable", "require", "verify-ca", "verify-full"];

/** Which PostgreSQL server to use, and as whom. */
export interface ExternalPostgresOptions {
  /** Host name or address, as containers reach it: never `localhost`. */
  readonly host: string;

  /**
   * TCP port of the server.
   *
   * @default 5432
   */
  readonly port?: number;

  /** Name of an existing database that holds nothing but MLflow's tables. */
  readonly database: string;

  /** Name of a user who may create tables in the database. */
  readonly username: string;

  /** Password of the user. */
  readonly password: Secret;

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

  /**
   * Number of connections that the server grants to this user.
   *
   * @default - not checked against the server's pools
   */
  readonly connectionLimit?: number;
}

/**
 * A PostgreSQL server that somebody else runs. Creates no container.
 *
 * @throws ValidationError when the host means the container itself, or `sslMode` is unknown.
 */
export class ExternalPostgres extends Construct implements IBackendStore {
  public readonly clientSettings: ClientSettings;
  public readonly connectionLimit?: number;

  constructor(scope: Construct, id: string, options: ExternalPostgresOptions) {
    super(scope, id);

    const sslMode = options.sslMode ?? "verify-full";
    rejectLoopback("host", options.host, this);
    this.validateSslMode(sslMode);
    this.validateLine("host", options.host);
    this.validateLine("database", options.database);
    this.validateLine("username", options.username);
    this.connectionLimit = options.connectionLimit;

    const password = options.password.bind(this, "password");
    // a line of the service file ends at its last character that is not blank.
    password.require(
      'VALUE == trimspace(VALUE) && length(regexall("[\\\\r\\\\n]", VALUE)) == 0',
      "The database password must not begin or end with a blank, or hold a line break.",
    );

    const ca = options.caCertificate;
    const verified = sslMode.startsWith("verify");
    this.clientSettings = {
      environment: { PGSERVICEFILE: SERVICE_FILE },
      files: [
        serviceFile({
          host: options.host,
          port: options.port ?? PORT,
          database: options.database,
          username: options.username,
          password,
          sslMode,
          sslRootCertificate: ca ? CA_FILE : verified ? "system" : undefined,
        }),
        ...(ca ? [{ path: CA_FILE, content: ca, secret: false }] : []),
      ],
      dependsOn: [],
      external: true,
      triggers: [],
    };
  }

  private validateSslMode(sslMode: string): void {
    if (!MODES.includes(sslMode)) {
      throw new ValidationError("SslMode", `'sslMode' must be one of ${MODES.join(", ")}, got: '${sslMode}'`, this);
    }
  }

  private validateLine(prop: string, value: string): void {
    if (!Token.isUnresolved(value) && (value !== value.trim() || value === "" || /[\r\n]/.test(value))) {
      throw new ValidationError(
        "PostgresConnection",
        `'${prop}' must not be empty, begin or end with a blank, or hold a line break, got: '${value}'`,
        this,
      );
    }
  }
}
