import type { IConstruct } from "constructs";
import type { SecretValue } from "./secret";
import type { ServiceFile } from "./service-network";

/** What a client of a store needs. The server, the jobs and the checks all use it the same way. */
export interface ClientSettings {
  /** Environment variables; no secrets. */
  readonly environment: { [name: string]: string };

  /** Files, the credentials among them. */
  readonly files: ServiceFile[];

  /** What must be there before a client starts. */
  readonly after: IConstruct[];

  /** Whether the client has to leave the network to reach the store. */
  readonly outside: boolean;

  /** Values that change when the store begins anew and empty, so that jobs run again. */
  readonly epochs: string[];
}

/** The database in which MLflow keeps experiments, runs and models. */
export interface IBackendStore extends IConstruct {
  /** How to connect: a libpq service named `mlflow`. */
  readonly clientSettings: ClientSettings;

  /** How many connections the database takes, where that is known. */
  readonly connectionLimit?: number;
}

/** A store on the internal network, to which the gateway takes presigned transfers. */
export interface TransferTarget {
  /** Host name and port of the store's S3 API, as it stands in presigned addresses. */
  readonly endpoint: string;

  /** The one bucket that transfers may touch. */
  readonly bucket: string;
}

/** A user of a store's console. */
export interface ConsoleLogin {
  readonly username: SecretValue;
  readonly password: SecretValue;
}

/** Where MLflow keeps models and other files. */
export interface IArtifactStore extends IConstruct {
  /** How to connect: MLflow's and boto3's settings. */
  readonly clientSettings: ClientSettings;

  /** Where artifacts go, as `--artifacts-destination` takes it. */
  readonly destination: string;

  /** Set when clients can transfer files through the gateway, past MLflow. */
  readonly transferTarget?: TransferTarget;

  /** Host name and port of the store's console, where it is switched on. */
  readonly consoleAddress?: string;

  /** Who may log in there: the bucket's own user, who sees and changes nothing else. */
  readonly consoleLogin?: ConsoleLogin;
}
