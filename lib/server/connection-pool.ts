import { MAX_NESTED_SESSIONS } from "../contract/connection-pool";
import type { IConstruct } from "constructs";
import { ValidationError } from "../values/errors";
import type { MlflowServerOptions } from "./mlflow-server-options";

// For runs and traces, and for registered models. Jobs and workspaces have one more each.
const POOLS_PER_WORKER = 2;
// Connections for the process that starts the workers, connections that are closing, the migration, a backup and a
// person.
const RESERVE = 10;
const RESERVE_OF_JOBS = 16;
const POOL_SIZE = 5;
const POOL_OVERFLOW = 10;

/** Connections that each pool of a worker keeps open, and further ones under load. */
export interface ConnectionPool {
  readonly size: number;
  readonly overflow: number;
}

/** What decides how many pools there are. */
interface PoolUsers {
  readonly workers: number;
  readonly jobs: boolean;
  readonly workspaces: boolean;
  readonly connectionLimit?: number;
}

/**
 * The pools of a server with these options.
 *
 * @throws ValidationError when a number is out of range, or the database allows too few connections.
 */
export function connectionPool(
  { connectionPool: given = {} }: MlflowServerOptions,
  { workers, jobs, workspaces, connectionLimit }: PoolUsers,
  scope: IConstruct,
): ConnectionPool {
  const reserve = jobs ? RESERVE + RESERVE_OF_JOBS : RESERVE;
  const perWorker = POOLS_PER_WORKER + (jobs ? 1 : 0) + (workspaces ? 1 : 0);
  const pools = workers * perWorker;
  const size = given.size ?? POOL_SIZE;
  const fitting =
    connectionLimit === undefined ? POOL_OVERFLOW : Math.floor((connectionLimit - reserve) / pools) - size;
  const overflow = given.overflow ?? Math.max(1, Math.min(POOL_OVERFLOW, fitting));
  // MLflow reads an overflow of 0 as not set.
  if (!Number.isInteger(size) || size < 1 || !Number.isInteger(overflow) || overflow < 1) {
    throw new ValidationError(
      "MlflowPool",
      `'connectionPool' must have a 'size' and an 'overflow' of 1 or more, got: ${size} and ${overflow}`,
      scope,
    );
  }
  if (size + overflow < MAX_NESTED_SESSIONS) {
    throw new ValidationError(
      "MlflowPoolLeast",
      `'connectionPool' must have ${MAX_NESTED_SESSIONS} connections or more, which one call may need at once, got: ${size} + ${overflow}`,
      scope,
    );
  }
  const needed = pools * (size + overflow) + reserve;
  if (connectionLimit !== undefined && needed > connectionLimit) {
    throw new ValidationError(
      "MlflowPoolLimit",
      `'connectionPool' must fit into the store's connection limit of ${connectionLimit}: ${workers} workers with ${perWorker} pools of ${size} + ${overflow} connections each and ${reserve} in reserve need ${needed}; lower 'workers' or 'connectionPool', or raise 'connectionLimit'`,
      scope,
    );
  }
  return { size, overflow };
}
