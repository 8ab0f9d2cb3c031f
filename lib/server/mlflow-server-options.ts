import type { DataSize } from "../values/data-size";
import type { EgressOptions } from "./egress-options";
import type { GarbageCollectionOptions } from "./garbage-collection-options";
import type { HealthCheckOptions } from "../network/health-check";
import type { MlflowFeatureOptions } from "./feature-options";
import type { Secret } from "../secrets/secret";
import type { ServiceImage } from "../network/service-image";
import type { VolumeOptions } from "../network/service-network";

/**
 * How many database connections each pool may hold: 4 or more, because one call of MLflow may need 4 at once. A call
 * waits until so many are free, and gets 503 after 30 seconds. A worker process has two pools: one for runs and traces,
 * one for models. `jobExecution` and `workspaces` add one each.
 */
export interface ConnectionPoolOptions {
  /**
   * Connections that stay open, 1 or more.
   *
   * @default 5
   */
  readonly size?: number;

  /**
   * Further connections under load, 1 or more.
   *
   * @default - 10, or fewer if the store's connection limit allows fewer
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
   * Number of worker processes. More workers than cores gain nothing: `up`, `plan` and `status` warn of them.
   *
   * @default 2
   */
  readonly workers?: number;

  /**
   * Connections to the database. The connection limit of the store must allow all pools of all workers.
   *
   * @default - the defaults of `ConnectionPoolOptions`
   */
  readonly connectionPool?: ConnectionPoolOptions;

  /**
   * Memory limit: at least 384 MiB and 576 MiB for each worker, and 1792 MiB more with `jobExecution`.
   *
   * @default - the minimum
   */
  readonly memory?: DataSize;

  /**
   * The volume for `/tmp`. A file that a client does not transfer directly takes its own size there while it passes
   * through MLflow. It is emptied whenever the server starts. A file that does not fit gets 507.
   *
   * @default - the writable layer of the container, on the disk of the engine
   */
  readonly temporaryVolume?: VolumeOptions;

  /**
   * Additional host names under which clients reach the server. The host names of its gateways are always accepted.
   *
   * @default - none
   */
  readonly hostNames?: string[];

  /**
   * Hosts that the server may connect to, in addition to those of its features. It cannot be combined with an external
   * store that has an address instead of a host name: the server connects to it without the egress proxy.
   *
   * @default - none
   */
  readonly egress?: EgressOptions;

  /**
   * Features besides tracking and the model registry.
   *
   * @default - the defaults of `MlflowFeatureOptions`
   */
  readonly features?: MlflowFeatureOptions;

  /**
   * Deletes for good, on a schedule, what users have deleted long ago: runs, models and experiments with their files, and
   * files that nobody owns. A service of its own does it, with the server's image.
   *
   * @default - nothing is deleted for good, except by the command `mlflow-stack gc`
   */
  readonly garbageCollection?: GarbageCollectionOptions;

  /**
   * Additional settings of MLflow, as environment variables. Not for secrets.
   *
   * @default - none
   */
  readonly environment?: { [name: string]: string };

  /**
   * Additional secret settings, as environment variables of the process.
   *
   * @default - none
   */
  readonly secretEnvironment?: { [name: string]: Secret };

  /**
   * Additional arguments of `mlflow server`.
   *
   * @default - none
   */
  readonly flags?: string[];

  /**
   * Timing of the health check.
   *
   * @default - the defaults of `HealthCheckOptions`
   */
  readonly healthCheck?: HealthCheckOptions;
}
