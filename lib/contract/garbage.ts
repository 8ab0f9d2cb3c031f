/** The parts of the program that deletes garbage, in `mlflow/gc`, each after those that it uses. */
export const GC_PARTS = ["rules", "stores", "listing", "deletion", "main"] as const;

/** The service that runs the program on a schedule: `mlflow/gc/service.py`. */
export const GC_SERVICE_FILE = "/etc/mlflow/gc/service.py";

/** The program, with all of its parts. */
export const GC_PROGRAM_FILE = "/etc/mlflow/gc/program.py";

/** The settings of the service. The schedule has five fields with `*`, or numbers and commas, and is in UTC. */
export const GC_SETTINGS = ["GC_OLDER_THAN_SECONDS", "GC_SCHEDULE"] as const;

/** Values of these settings. */
export type GcSettings = { readonly [name in (typeof GC_SETTINGS)[number]]: string };

/** What was deleted. */
export interface Collected {
  readonly runs: number;
  readonly models: number;
  readonly traces: number;
  readonly experiments: number;

  /** Objects of the bucket. */
  readonly objects: number;
  readonly bytes: number;

  /** Number of things that somebody brought back or uses by now, so that they stay. */
  readonly changed: number;

  readonly failed: readonly { readonly what: string; readonly reason: string }[];

  /** Whether it was told to end early. */
  readonly stopped: boolean;
}

/** JSON of the service's `status`. */
export interface GcState {
  readonly schedule: string;
  readonly olderThanSeconds: number;

  /** How the last one ended. Absent if there was none since the container was made. */
  readonly last?: {
    readonly time: string;
    readonly seconds: number;

    /** What was deleted; absent if it failed before, or there was nothing to delete. */
    readonly deleted?: Collected;

    /** One sentence, if it failed. */
    readonly message?: string;
  };
}
