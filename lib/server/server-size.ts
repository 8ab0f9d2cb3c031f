import type { IConstruct } from "constructs";
import { DataSize } from "../values/data-size";
import { ValidationError } from "../values/errors";
import type { MlflowServerOptions } from "./mlflow-server-options";

// measured, see docs/sizing.md.
const MEMORY_BASE = 384;
const MEMORY_PER_WORKER = 576;
const MEMORY_OF_JOBS = 1792;
// each worker has a pool for runs and traces, one for registered models, and one for jobs and for workspaces where there
// are any.
const POOLS_PER_WORKER = 2;
// for the process that starts the workers, connections that are just closing, the migration, a backup and a person.
const RESERVE = 10;
const RESERVE_OF_JOBS = 16;
const POOL_SIZE = 5;
const POOL_OVERFLOW = 10;
// what one call may hold at once: `DEPTH` of mlflow/connection_pool.py.
const POOL_LEAST = 4;

/** How large a server is, and what that asks of the engine and the database. */
export interface ServerSize {
  readonly workers: number;
  readonly memory: DataSize;

  /** Connections that each pool of a worker keeps, and further ones under load. */
  readonly pool: { readonly size: number; readonly overflow: number };
}

/** What one process with MLflow needs, such as the migration. */
export const ONE_PROCESS = DataSize.mebibytes(MEMORY_BASE + MEMORY_PER_WORKER);

/**
 * The size that options ask for.
 *
 * @param connectionLimit connections that the database grants; unknown where somebody else runs it and does not say.
 * @throws ValidationError when a number is out of range, or memory or connections do not suffice for the workers.
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

/** What to say of more workers than the engine has cores; nothing where there are enough. */
export function workersOverCores(workers: number, cores: number): string | undefined {
  if (workers <= cores) return undefined;
  return `MLflow has ${workers} workers and the engine ${cores} cores: more workers than cores gain nothing but take memory and connections; lower 'workers'`;
}

function memoryOf(given: DataSize | undefined, workers: number, jobs: boolean, scope: IConstruct): DataSize {
  const least = DataSize.mebibytes(MEMORY_BASE + MEMORY_PER_WORKER * workers + (jobs ? MEMORY_OF_JOBS : 0));
  if (given && given.toMebibytes() < least.toMebibytes()) {
    throw new ValidationError(
      "MlflowMemory",
      `'memory' must be at least ${least} for ${workers} workers${jobs ? " and 'jobExecution'" : ""}, got: ${given}; raise 'memory', or lower 'workers'`,
      scope,
    );
  }
  return given ?? least;
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
  // MLflow takes an overflow of 0 for none given.
  if (!Number.isInteger(size) || size < 1 || !Number.isInteger(overflow) || overflow < 1) {
    throw new ValidationError(
      "MlflowPool",
      `'connectionPool' must have a 'size' and an 'overflow' of 1 or more, got: ${size} and ${overflow}`,
      scope,
    );
  }
  if (size + overflow < POOL_LEAST) {
    throw new ValidationError(
      "MlflowPoolLeast",
      `'connectionPool' must have ${POOL_LEAST} connections or more, which one call may need at once, got: ${size} + ${overflow}`,
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
