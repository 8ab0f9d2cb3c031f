import { Construct } from "constructs";
import { rejectLoopback } from "../values/container-host";
import { PostgresClient } from "./postgres-client";
import type { ServiceImage } from "../network/service-image";
import type { Secret } from "../secrets/secret";
import type { ClientSettings, IBackendStore } from "./store";

/** Options of an `ExternalPostgres`. */
export interface ExternalPostgresOptions {
  /** Host name or address, as containers reach it: never `localhost`. */
  readonly host: string;

  /**
   * TCP port of the server.
   *
   * @default 5432
   */
  readonly port?: number;

  /** Name of an existing database that holds only MLflow's tables. */
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

  /**
   * Image with PostgreSQL's client tools, of the server's major version or a newer one, for the dump before a migration.
   *
   * @default - `PostgresStore.defaultImage()`
   */
  readonly toolsImage?: ServiceImage;
}

/**
 * A PostgreSQL server outside of the stack. Creates no container.
 *
 * @throws ValidationError when the host means the container itself, or `sslMode` is unknown.
 */
export class ExternalPostgres extends Construct implements IBackendStore {
  public readonly clientSettings: ClientSettings;
  public readonly connectionLimit?: number;
  public readonly toolsImage?: ServiceImage;

  constructor(scope: Construct, id: string, options: ExternalPostgresOptions) {
    super(scope, id);

    rejectLoopback("host", options.host, this);

    this.connectionLimit = options.connectionLimit;
    this.toolsImage = options.toolsImage;
    this.clientSettings = PostgresClient.settings(this, {
      host: options.host,
      port: options.port,
      database: options.database,
      username: options.username,
      password: options.password.bind(this, "password"),
      sslMode: options.sslMode,
      caCertificate: options.caCertificate,
      external: true,
    });
  }
}
