import type { IConstruct } from "constructs";
import { DataSize } from "../values/data-size";
import { ValidationError } from "../values/errors";
import { connectionPool } from "./connection-pool";
import type { ConnectionPool } from "./connection-pool";
import type { MlflowServerOptions } from "./mlflow-server-options";

// In MiB, measured: see docs/sizing.md.
const MEMORY_BASE = 384;
const MEMORY_PER_WORKER = 576;
const MEMORY_OF_JOBS = 1792;

/** The size of a server, and the resources that it needs of the engine and the database. */
export interface ServerSize {
  readonly workers: number;
  readonly memory: DataSize;

  readonly pool: ConnectionPool;
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
    pool: connectionPool(options, { workers, jobs, workspaces, connectionLimit }, scope),
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
