import type { BackupTarget } from "./backup-target";
import type { Secret } from "../secrets/secret";
import type { ServiceImage } from "../network/service-image";
import type { DataSize } from "../values/data-size";

/**
 * How many backups stay, as numbers of 0 or more. Of each hour, day, week and month the last backup counts. The last good
 * backup always stays.
 */
export interface BackupKeep {
  /**
   * Hours whose last backup stays.
   *
   * @default 24
   */
  readonly hourly?: number;

  /**
   * Days whose last backup stays.
   *
   * @default 7
   */
  readonly daily?: number;

  /**
   * Weeks whose last backup stays.
   *
   * @default 5
   */
  readonly weekly?: number;

  /**
   * Months whose last backup stays.
   *
   * @default 12
   */
  readonly monthly?: number;
}

/** Options of a `Backup`, wherever it is created. */
export interface BackupOptions {
  /** Where backups go. They are encrypted before they get there. */
  readonly target: BackupTarget;

  /**
   * The passphrase that encrypts all backups, of 16 characters or more. Without it nobody can read them. A target that has
   * backups refuses another one.
   *
   * @default - a generated one, which is kept in the Terraform state; save it elsewhere too
   */
  readonly passphrase?: Secret;

  /**
   * When backups are made: five fields of cron, in UTC, or `@hourly`, `@daily`, `@weekly`, `@monthly` or `@yearly`.
   *
   * @default "@hourly"
   */
  readonly schedule?: string;

  /**
   * When the last backup is restored into an isolated copy, in the same form.
   *
   * @default "@weekly"
   */
  readonly drillSchedule?: string;

  /**
   * How many backups stay.
   *
   * @default - the defaults of `BackupKeep`
   */
  readonly keep?: BackupKeep;

  /**
   * Image with the program `mlflow-backup` of this package, and PostgreSQL's client tools of the server's major version or
   * a newer one.
   *
   * @default - built on the engine from the folder `backup` of this package
   */
  readonly image?: ServiceImage;

  /**
   * Arguments of the build of the default image, such as `GOPROXY`. Not for secrets.
   *
   * @default - none
   */
  readonly buildArguments?: { [name: string]: string };

  /**
   * Memory limit, 256 MiB or more.
   *
   * @default 512 MiB
   */
  readonly memory?: DataSize;
}
