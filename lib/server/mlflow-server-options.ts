import type { DataSize } from "../values/data-size";
import type { EgressOptions } from "./egress-options";
import type { HealthCheckOptions } from "../network/health-check";
import type { MlflowFeatureOptions } from "./mlflow-features";
import type { Secret } from "../secrets/secret";
import type { ServiceImage } from "../network/service-image";
import type { VolumeOptions } from "../network/service-network";

/**
 * How many database connections each pool may hold, 4 or more: one call of MLflow may need so many at once, and calls
 * wait until there are as many left. After 30 seconds they are answered with 503. A worker process has two pools: for
 * runs and traces, and for models; one more with `jobExecution`, and one more with `workspaces`.
 */
export interface ConnectionPoolOptions {
  /**
   * Connections that are kept, 1 or more.
   *
   * @default 5
   */
  readonly size?: number;

  /**
   * Connections on top of `size` under load, 1 or more.
   *
   * @default - 10, or fewer where the store's connection limit has no room for them
   */
  readonly overflow?: number;
}

/** Options of an `MlflowServer`, wherever it is created. */
export interface MlflowServerOptions {
  /**
   * Image with MLflow, psycopg2 and boto3.
   *
   * @default - MLflow's own `-full` image of the release in docs/releases.md, `MlflowServer.defaultImage()`
   */
  readonly image?: ServiceImage;

  /**
   * Number of worker processes. More than the engine has cores gain nothing, and `up`, `plan` and `status` say so.
   *
   * @default 2
   */
  readonly workers?: number;

  /**
   * Connections to the database. All pools of all workers must fit into the connection limit of the store.
   *
   * @default - the defaults of `ConnectionPoolOptions`
   */
  readonly connectionPool?: ConnectionPoolOptions;

  /**
   * Memory limit, 384 MiB and 576 MiB for each worker or more, and 1792 MiB more with `jobExecution`.
   *
   * @default - the least
   */
  readonly memory?: DataSize;

  /**
   * Where `/tmp` lies, through which MLflow takes the files that clients do not transfer directly: each needs its own
   * size there while it passes. It is emptied whenever the server starts. A file that does not fit is refused with 507.
   *
   * @default - the container's own layer, on the disk of the engine
   */
  readonly temporaryVolume?: VolumeOptions;

  /**
   * Host names besides that of `url` under which clients reach the server through the gateway.
   *
   * @default - none
   */
  readonly hostNames?: string[];

  /**
   * Hosts outside of the stack that the server may connect to, besides those of its features. Not with an external store:
   * the server then has egress of its own to the store, past any list of hosts.
   *
   * @default - nothing
   */
  readonly egress?: EgressOptions;

  /**
   * What is switched on besides tracking and the model registry.
   *
   * @default - traces alone
   */
  readonly features?: MlflowFeatureOptions;

  /**
   * Further settings of MLflow, by environment variable. Not for secrets.
   *
   * @default - none
   */
  readonly environment?: { [name: string]: string };

  /**
   * Further settings that are secret, by environment variable.
   *
   * @default - none
   */
  readonly secretEnvironment?: { [name: string]: Secret };

  /**
   * Further arguments of `mlflow server`.
   *
   * @default - none
   */
  readonly flags?: string[];

  /**
   * Timing of the check whether the server answers.
   *
   * @default - the defaults of `HealthCheckOptions`
   */
  readonly healthCheck?: HealthCheckOptions;
}
