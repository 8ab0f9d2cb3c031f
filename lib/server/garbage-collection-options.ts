import type { Duration } from "../values/duration";

/** When what users of MLflow have deleted is deleted for good. */
export interface GarbageCollectionOptions {
  /**
   * When garbage is deleted: five fields of cron, in UTC, or `@hourly`, `@daily`, `@weekly`, `@monthly` or `@yearly`.
   *
   * @default "30 3 * * *"
   */
  readonly schedule?: string;

  /**
   * How long ago something must have been deleted, 1 day or more.
   *
   * @default 30 days
   */
  readonly olderThan?: Duration;
}
