import { Construct } from "constructs";
import { ContainerRole } from "../contract/container-roles";
import { DataSize } from "../values/data-size";
import { Duration } from "../values/duration";
import { ValidationError } from "../values/errors";
import { RELEASES } from "../values/releases";
import { requireMemory } from "../values/memory";
import { HealthCheck } from "../network/health-check";
import type { HealthCheckOptions } from "../network/health-check";
import { PostgresClient, validateIdentifier } from "./postgres-client";
import { officialImage, requireMajorVersion } from "./postgres-image";
import { Secret } from "../secrets/secret";
import { ServiceFile } from "../network/service-file";
import type { ServiceImage } from "../network/service-image";
import type { IServiceNetwork, VolumeOptions } from "../network/service-network";
import type { ClientSettings, IBackendStore } from "./store";

// With less memory PostgreSQL starts, but the kernel kills it when a search sorts.
const MIN_MEMORY = DataSize.mebibytes(256);
// A connection that has read the system's tables takes 4.8 MiB, measured with 61 of them. A quarter of the memory is for
// shared_buffers, and not all connections are in use at once: half of them have to fit into the rest.
const CONNECTION_MEMORY = 5;

// The image sets the password only when the data volume is empty. This sets it from the file at every start, so that a
// changed password, or a new one after a lost state, takes effect. The log does not contain it.
const START = `if [ -s "$PGDATA/PG_VERSION" ]; then
  password=$(sed "s/'/''/g" "$POSTGRES_PASSWORD_FILE")
  printf "alter role \"%s\" password '%s'\\n" "$POSTGRES_USER" "$password" |
    postgres --single -D "$PGDATA" -c log_min_error_statement=panic "$POSTGRES_DB" >/dev/null
fi
exec docker-entrypoint.sh "$@"`;

/** Options of a `PostgresStore`, wherever it is created. */
export interface PostgresStoreOptions {
  /**
   * Major version, one of those in docs/releases.md. The name of the data volume carries it, so that another one never
   * opens old data.
   *
   * @default - the one that docs/releases.md calls the default
   */
  readonly majorVersion?: number;

  /**
   * Image that keeps the contract of the official one, of the same major version: `postgres:17.5` or a tag with `pg17` is
   * refused with the major version 18.
   *
   * @default - the official image of the major version, `PostgresStore.defaultImage()`
   */
  readonly image?: ServiceImage;

  /**
   * Name of the database.
   *
   * @default "mlflow"
   */
  readonly database?: string;

  /**
   * Name of the database user.
   *
   * @default "mlflow"
   */
  readonly username?: string;

  /**
   * Password of the database user. A new one takes effect when the container is replaced.
   *
   * @default - a generated password, kept in the Terraform state
   */
  readonly password?: Secret;

  /**
   * Memory limit, 256 MiB or more, and 3.4 MiB for each connection of `connectionLimit`. `shared_buffers`, `effective_cache_size` and `maintenance_work_mem` follow from it.
   *
   * @default 512 MiB
   */
  readonly memory?: DataSize;

  /**
   * `max_connections`. Must cover the pools of every server that uses the store.
   *
   * @default 100
   */
  readonly connectionLimit?: number;

  /**
   * Further settings of PostgreSQL, by name, as `postgres -c` takes them.
   *
   * @default - none
   */
  readonly settings?: { [name: string]: string };

  /**
   * The volume of the data.
   *
   * @default - a named volume, which no plan deletes
   */
  readonly dataVolume?: VolumeOptions;

  /**
   * Timing of the check whether the database accepts connections.
   *
   * @default - every 10 seconds
   */
  readonly healthCheck?: HealthCheckOptions;
}

/** Properties of a `PostgresStore`. */
export interface PostgresStoreProps extends PostgresStoreOptions {
  /** The network to run on. The port is open there and nowhere else. */
  readonly network: IServiceNetwork;
}

/**
 * PostgreSQL as a service, with its data on a volume.
 *
 * @throws ValidationError when the version is not offered, the image names another one, a name needs quotes, or the memory
 * is too small.
 */
export class PostgresStore extends Construct implements IBackendStore {
  /**
   * The official image of PostgreSQL that a store has by default.
   *
   * @param majorVersion one of those in docs/releases.md; by default the one that it calls so.
   * @throws ValidationError when the version is not offered.
   */
  public static defaultImage(majorVersion?: number): ServiceImage {
    return officialImage(majorVersion ?? RELEASES.postgres.default);
  }

  /** Host name on the network. */
  public readonly hostname: string;

  public readonly clientSettings: ClientSettings;
  public readonly connectionLimit?: number;
  public readonly toolsImage?: ServiceImage;

  constructor(scope: Construct, id: string, props: PostgresStoreProps) {
    super(scope, id);

    const majorVersion = props.majorVersion ?? RELEASES.postgres.default;
    const official = officialImage(majorVersion, this);
    const { mount, pgdata } = dataPaths(majorVersion);
    const database = props.database ?? "mlflow";
    const username = props.username ?? "mlflow";
    const memory = props.memory ?? DataSize.mebibytes(512);
    const connectionLimit = props.connectionLimit ?? 100;
    validateIdentifier("database", database, this);
    validateIdentifier("username", username, this);
    requireMemory("PostgresMemory", memory, MIN_MEMORY, this);
    this.validateConnectionLimit(connectionLimit, memory);

    this.connectionLimit = connectionLimit;
    if (props.image) requireMajorVersion(props.image, majorVersion, this);
    this.toolsImage = props.image ?? official;
    const password = (props.password ?? Secret.generated()).bind(this, "password");
    const passwordFile = ServiceFile.ofSecret("postgres-password", password.unsafeUnwrap());
    const data = props.network.addVolume(this, `data-${majorVersion}`, props.dataVolume);

    const service = props.network.addService(this, "Default", {
      role: ContainerRole.DATABASE,
      image: this.toolsImage,
      entrypoint: ["bash", "-c", START, "start"],
      args: ["postgres", ...renderSettings({ ...this.derivedSettings(memory, connectionLimit), ...props.settings })],
      environment: {
        POSTGRES_DB: database,
        POSTGRES_USER: username,
        POSTGRES_PASSWORD_FILE: passwordFile.path,
        PGDATA: pgdata,
      },
      files: [passwordFile],
      volumes: [{ volume: data, path: mount }],
      user: "postgres",
      memory,
      sharedMemory: DataSize.mebibytes(256),
      // Over TCP: while the image initializes the database, the server listens on its socket only.
      healthCheck: HealthCheck._restarting(
        ["pg_isready", "-q", "-h", "127.0.0.1", "-U", username, "-d", database],
        props.healthCheck,
      ),
      stopSignal: "SIGINT",
      stopGrace: Duration.seconds(90),
    });

    this.hostname = service.hostname;
    this.clientSettings = PostgresClient.settings(this, {
      host: service.hostname,
      database,
      username,
      password,
      sslMode: "disable",
      external: false,
      dependsOn: [service],
      triggers: [data.revision],
    });
  }

  // The rules of thumb in PostgreSQL's documentation, chapter "Resource Consumption".
  private derivedSettings(memory: DataSize, connectionLimit: number): { [name: string]: string } {
    const mebibytes = memory.toMebibytes();
    return {
      // also on a volume that something else than the official image has begun.
      listen_addresses: "*",
      max_connections: String(connectionLimit),
      shared_buffers: `${Math.floor(mebibytes / 4)}MB`,
      effective_cache_size: `${Math.floor((mebibytes * 3) / 4)}MB`,
      maintenance_work_mem: `${Math.max(32, Math.floor(mebibytes / 16))}MB`,
      wal_compression: "on",
      random_page_cost: "1.1",
    };
  }

  private validateConnectionLimit(connectionLimit: number, memory: DataSize): void {
    if (!Number.isInteger(connectionLimit) || connectionLimit < 10) {
      throw new ValidationError(
        "PostgresConnections",
        `'connectionLimit' must be a whole number of 10 or more, got: ${connectionLimit}`,
        this,
      );
    }
    const minimum = Math.ceil(((connectionLimit / 2) * CONNECTION_MEMORY * 4) / 3);
    if (memory.toMebibytes() < minimum) {
      throw new ValidationError(
        "PostgresMemory",
        `'memory' must be at least ${minimum} MiB for a 'connectionLimit' of ${connectionLimit}, got: ${memory}; raise 'memory', or lower 'connectionLimit'`,
        this,
      );
    }
  }
}

// the official image moved its data with 18: https://hub.docker.com/_/postgres, "PGDATA".
function dataPaths(majorVersion: number): { mount: string; pgdata: string } {
  if (majorVersion < 18) return { mount: "/var/lib/postgresql/data", pgdata: "/var/lib/postgresql/data" };
  return { mount: "/var/lib/postgresql", pgdata: `/var/lib/postgresql/${majorVersion}/docker` };
}

function renderSettings(settings: { [name: string]: string }): string[] {
  return Object.entries(settings)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}
