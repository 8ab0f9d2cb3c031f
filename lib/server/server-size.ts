import { MAX_NESTED_SESSIONS } from "../contract/connection-pool";
import type { IConstruct } from "constructs";
import { DataSize } from "../values/data-size";
import { ValidationError } from "../values/errors";
import type { MlflowServerOptions } from "./mlflow-server-options";

// In MiB, measured: see docs/sizing.md.
const MEMORY_BASE = 384;
const MEMORY_PER_WORKER = 576;
const MEMORY_OF_JOBS = 1792;
// For runs and traces, and for registered models. Jobs and workspaces have one more each.
const POOLS_PER_WORKER = 2;
// Connections for the process that starts the workers, connections that are closing, the migration, a backup and a
// person.
const RESERVE = 10;
const RESERVE_OF_JOBS = 16;
const POOL_SIZE = 5;
const POOL_OVERFLOW = 10;

/** The size of a server, and the resources that it needs of the engine and the database. */
export interface ServerSize {
  readonly workers: number;
  readonly memory: DataSize;

  /** Connections that each pool of a worker keeps open, and further ones under load. */
  readonly pool: { readonly size: number; readonly overflow: number };
}

/** Memory of one MLflow process, such as the migration. */
export const ONE_PROCESS = DataSize.mebibytes(MEMORY_BASE + MEMORY_PER_WORKER);

/**
 * The size of a server with these options.
 *
 * @param connectionLimit connections that the database allows; unknown for an external database without the option.
 * @throws ValidationError when a number is out of range, or memory or connections are too few for the workers.
 */
export function serverSize(
  options: MlflowServerOptions,
  connectionLimit: number | undefined,
  scope: IConstruct,
): ServerSize {
  const workers = options.workers ?? 2;
  const { jobExecution: jobs = false, workspaces = false } = options.features ?? {};
  if (!Number.isInteger(workers) || workers < 1) {
    throw new ValidationError("MlflowWorkers", `'workers' must be a whole number of 1 or more, got: ${workers}`, scope);
  }
  return {
    workers,
    memory: memoryOf(options.memory, workers, jobs, scope),
    pool: poolOf(options, { workers, jobs, workspaces, connectionLimit }, scope),
  };
}

/** A warning, if there are more workers than cores. */
export function workersOverCores(workers: number, cores: number): string | undefined {
  if (workers <= cores) return undefined;
  return `MLflow has ${workers} workers and the engine ${cores} cores: more workers than cores gain nothing but take memory and connections; lower 'workers'`;
}

function memoryOf(given: DataSize | undefined, workers: number, jobs: boolean, scope: IConstruct): DataSize {
  const minimum = DataSize.mebibytes(MEMORY_BASE + MEMORY_PER_WORKER * workers + (jobs ? MEMORY_OF_JOBS : 0));
  if (given && given.toMebibytes() < minimum.toMebibytes()) {
    throw new ValidationError(
      "MlflowMemory",
      `'memory' must be at least ${minimum} for ${workers} workers${jobs ? " and 'jobExecution'" : ""}, got: ${given}; raise 'memory', or lower 'workers'`,
      scope,
    );
  }
  return given ?? minimum;
}

interface PoolUsers {
  readonly workers: number;
  readonly jobs: boolean;
  readonly workspaces: boolean;
  readonly connectionLimit?: number;
}

function poolOf(
  { connectionPool = {} }: MlflowServerOptions,
  { workers, jobs, workspaces, connectionLimit }: PoolUsers,
  scope: IConstruct,
): { size: number; overflow: number } {
  const reserve = jobs ? RESERVE + RESERVE_OF_JOBS : RESERVE;
  const perWorker = POOLS_PER_WORKER + (jobs ? 1 : 0) + (workspaces ? 1 : 0);
  const pools = workers * perWorker;
  const size = connectionPool.size ?? POOL_SIZE;
  const fitting =
    connectionLimit === undefined ? POOL_OVERFLOW : Math.floor((connectionLimit - reserve) / pools) - size;
  const overflow = connectionPool.overflow ?? Math.max(1, Math.min(POOL_OVERFLOW, fitting));
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
