import type { IConstruct } from "constructs";
import type { SecretValue } from "../secrets/secret";
import type { ServiceFile } from "../network/service-file";

/** What a client of a store needs. The server, the jobs and the checks all use it the same way. */
export interface ClientSettings {
  /** Environment variables; no secrets. */
  readonly environment: { [name: string]: string };

  /** Files, the credentials among them. */
  readonly files: ServiceFile[];

  /** What must be there before a client starts. */
  readonly dependsOn: IConstruct[];

  /** Whether the client has to leave the network to reach the store. */
  readonly external: boolean;

  /** Values that change when the store is recreated empty; dependent jobs then run again. */
  readonly triggers: string[];
}

/** The database in which MLflow keeps experiments, runs and models. */
export interface IBackendStore extends IConstruct {
  /** How to connect: a libpq service named `mlflow`. */
  readonly clientSettings: ClientSettings;

  /** How many connections the database takes, where that is known. */
  readonly connectionLimit?: number;
}

/** A store that takes presigned transfers past MLflow. */
export interface TransferTarget {
  /** `http` or `https`. */
  readonly scheme: string;

  /** Host name of the store's S3 API, and its port where the scheme does not imply it, as in presigned addresses. */
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

  /** Whether transfers are direct when nobody chose. */
  readonly preferred: boolean;
}

/** A user of a store, at its console or its S3 API. */
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

  /** Set when clients can transfer files past MLflow. */
  readonly transferTarget?: TransferTarget;

  /** Host name and port of the store's console, where it is switched on. */
  readonly consoleAddress?: string;

  /** Who may log in there: the bucket's own user, who sees and changes nothing else. */
  readonly consoleLogin?: StoreLogin;

  /**
   * Host name and port of the store's S3 API, where others than MLflow may use it.
   *
   * @default - nobody may
   */
  readonly s3ApiAddress?: string;

  /**
   * Who may use it.
   *
   * @default - nobody may
   */
  readonly s3ApiLogin?: StoreLogin;
}
