import type { IConstruct } from "constructs";
import type { SecretValue } from "../secrets/secret";
import type { ServiceFile } from "../network/service-file";
import type { ServiceImage } from "../network/service-image";

/** A host that a store's clients connect to. */
export interface StoreHost {
  /** Name of the host, in lower case. */
  readonly host: string;

  /** TCP port. */
  readonly port: number;

  /** Whether a connection begins with TLS that names the host, as https does. PostgreSQL begins otherwise. */
  readonly tls: boolean;
}

/** The settings of a store's clients: the server, its jobs, and the checks of both. */
export interface ClientSettings {
  /** Environment variables; no secrets. */
  readonly environment: { [name: string]: string };

  /** Files, the credentials among them. */
  readonly files: ServiceFile[];

  /** Services and jobs that a client starts after. */
  readonly dependsOn: IConstruct[];

  /** Whether the store is outside of the network, so that clients need egress. */
  readonly external: boolean;

  /**
   * The hosts of an external store. If both stores are in the network or have hosts, MLflow reaches these hosts only, by
   * the egress proxy.
   *
   * @default - not known, so that the clients of an external store have egress to all addresses
   */
  readonly hosts?: StoreHost[];

  /** Values that change when the store is recreated empty; dependent jobs then run again. */
  readonly triggers: string[];
}

/** The database in which MLflow keeps experiments, runs and models. */
export interface IBackendStore extends IConstruct {
  /** How to connect: a libpq service named `mlflow`. */
  readonly clientSettings: ClientSettings;

  /** Number of connections that the database accepts, if it is known. */
  readonly connectionLimit?: number;

  /**
   * Image with PostgreSQL's client tools, of the server's major version or a newer one, for the dump before a migration.
   *
   * @default - `PostgresStore.defaultImage()`
   */
  readonly toolsImage?: ServiceImage;
}

/** A store that takes presigned transfers past MLflow. */
export interface TransferTarget {
  /** `http` or `https`. */
  readonly scheme: string;

  /** Host name of the store's S3 API, and its port if the scheme does not imply it, as in presigned addresses. */
  readonly endpoint: string;

  /** The one bucket that transfers may touch. It stands in the path of addresses. */
  readonly bucket: string;

  /**
   * The one folder in the bucket that transfers may touch.
   *
   * @default - the whole bucket
   */
  readonly prefix?: string;

  /**
   * Certificate of the authority that signs the store's own, in PEM form.
   *
   * @default - a public authority
   */
  readonly caCertificate?: string;

  /**
   * Whether clients reach the store themselves. Otherwise the gateway takes transfers there.
   *
   * @default false
   */
  readonly reachableByClients?: boolean;

  /** Whether transfers are direct by default. */
  readonly preferred: boolean;
}

/** Keys of the bucket's user, for the console or the S3 API. */
export interface StoreLogin {
  /** Access key. */
  readonly username: SecretValue;

  /** Secret key. */
  readonly password: SecretValue;
}

/** Where MLflow keeps models and other files. */
export interface IArtifactStore extends IConstruct {
  /** How to connect: MLflow's and boto3's settings. */
  readonly clientSettings: ClientSettings;

  /** Where artifacts go, as `--artifacts-destination` takes it. */
  readonly destination: string;

  /** The store as a target of direct transfers, if it can be one. */
  readonly transferTarget?: TransferTarget;

  /** Host name and port of the store's console, if it is switched on. */
  readonly consoleAddress?: string;

  /** Login for the console: the bucket's own user, who can read and write this bucket only. */
  readonly consoleLogin?: StoreLogin;

  /**
   * Host name and port of the store's S3 API, if others than MLflow may use it.
   *
   * @default - nobody may
   */
  readonly s3ApiAddress?: string;

  /**
   * Keys for it: those of the bucket's own user.
   *
   * @default - nobody may
   */
  readonly s3ApiLogin?: StoreLogin;
}
