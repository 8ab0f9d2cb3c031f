/** The program in the image of the backup service, as `docker exec` calls it. */
export const BACKUP_PROGRAM = "mlflow-backup";

/**
 * What `mlflow-backup` can be asked for. `serve` is the service itself, and `health` its health check. The others end,
 * and write one JSON document to standard output with `--json`: a report below, or a `BackupFailure`.
 */
export const BACKUP_VERBS = ["serve", "health", "run", "list", "check", "restore", "drill", "status"] as const;

/**
 * The environment variables that `mlflow-backup` reads besides those of libpq and of the AWS SDK:
 *
 * - `BACKUP_ARTIFACTS`: where MLflow's artifacts are, such as `s3://bucket/prefix`.
 * - `BACKUP_SCHEDULE`, `BACKUP_DRILL_SCHEDULE`: five fields of cron or a name such as `@hourly`, in UTC.
 * - `BACKUP_KEEP`: how many backups stay, such as `hourly=24,daily=7,weekly=5,monthly=12`.
 * - `BACKUP_STACK`: id of the stack, which stays the same when its state is lost.
 * - `BACKUP_TARGET`: `file://` and `BACKUP_FOLDER`, `s3://bucket/prefix`, or `sftp://user@host:port/path`.
 * - `BACKUP_TARGET_ENDPOINT`, `BACKUP_TARGET_REGION`: of an S3 target. The endpoint is not set for Amazon's.
 * - `MLFLOW_VERSION`: release of the server. Not set if an image of the user's does not tell.
 */
export const BACKUP_SETTINGS = [
  "BACKUP_ARTIFACTS",
  "BACKUP_DRILL_SCHEDULE",
  "BACKUP_KEEP",
  "BACKUP_SCHEDULE",
  "BACKUP_STACK",
  "BACKUP_TARGET",
  "BACKUP_TARGET_ENDPOINT",
  "BACKUP_TARGET_REGION",
  "MLFLOW_VERSION",
] as const;

/** Values of a backup service's environment variables, by name. */
export type BackupSettings = { readonly [name in (typeof BACKUP_SETTINGS)[number]]?: string };

/** Where a target on this machine lies in the container: a folder of the host, or a volume. */
export const BACKUP_FOLDER = "/backup";

/** Folder in the container that keeps the program's cache, its lock and the results of its last runs. */
export const BACKUP_STATE_FOLDER = "/var/lib/mlflow-backup";

/**
 * Where `mlflow-stack restore` notes a restore that it has begun, as JSON: `backup`, `time` of the backup, and `since`.
 * The file is gone when the server runs again.
 */
export const BACKUP_RESTORE_FILE = `${BACKUP_STATE_FOLDER}/restore-begun.json`;

/** File with the passphrase that encrypts every backup. */
export const BACKUP_PASSPHRASE_FILE = "/run/secrets/backup-passphrase";

/** File with the keys of an S3 target, in the form of an AWS credentials file. */
export const BACKUP_TARGET_CREDENTIALS_FILE = "/run/secrets/backup-target-credentials";

/** File with the certificate of the authority that signs the certificate of an S3 target. */
export const BACKUP_TARGET_AUTHORITY_FILE = "/etc/mlflow-backup/target-ca.pem";

/** File with the private key of an SFTP target's user. */
export const BACKUP_TARGET_SSH_KEY_FILE = "/run/secrets/backup-target-ssh-key";

/** File with the host keys of an SFTP target, in the form of `known_hosts`. */
export const BACKUP_TARGET_KNOWN_HOSTS_FILE = "/etc/mlflow-backup/known_hosts";

/** Folder with the secrets by which MLflow encrypts what its database holds. They are part of each backup. */
export const BACKUP_SECRETS_FOLDER = "/run/secrets/mlflow";

/**
 * Key of the advisory lock of the database, in PostgreSQL's form of one bigint, that everything takes that deletes or
 * that must see a state that nobody deletes from: backup, restore, migration, import, garbage collection.
 */
export const ADVISORY_LOCK = 7_310_417_208_131_201n;

/** Minimum number of characters of a passphrase. */
export const MIN_PASSPHRASE = 16;

/** Exit status of `mlflow-backup`. */
export enum BackupStatus {
  OK = 0,

  /** Something that has no status of its own. */
  FAILED = 1,

  /** Unknown verbs, options or settings. */
  USAGE = 2,

  /** The target does not answer, is full, or may not be written to. */
  TARGET = 10,

  /** The target was written with another passphrase. */
  PASSPHRASE = 11,

  /** The target has backups of another stack, and none of this one. */
  OTHER_STACK = 12,

  /** Another backup, restore or migration holds the lock. */
  LOCKED = 13,

  /** The database or the bucket that would be restored into has data in it. */
  NOT_EMPTY = 14,

  /** The backup was made by a newer MLflow than the one that would read it. */
  NEWER_SCHEMA = 15,

  /** A file of a backup is missing or has other content than it was written with. */
  DAMAGED = 16,

  /** There is no such backup. */
  NO_BACKUP = 17,
}

/** A backup, as `list` writes it. Times are in the form of RFC 3339. */
export interface BackupRecord {
  readonly id: string;

  /** Time of the database's snapshot, which the objects of the bucket belong to. */
  readonly time: string;

  /** Name of the stack: `BACKUP_STACK` when it was made. */
  readonly stack: string;

  /** Release of MLflow, revision of its schema, and major version of PostgreSQL. */
  readonly mlflow: string;
  readonly revision: string;
  readonly postgres: number;

  /** Number of rows of each table. */
  readonly rows: { readonly [table: string]: number };

  /** Number and bytes of the bucket's objects. */
  readonly objects: number;
  readonly bytes: number;

  /** Bytes of the dump before compression. */
  readonly databaseBytes: number;

  /** Objects that were deleted while the backup read them. Empty if the bucket has versions, or no client deletes. */
  readonly vanished: number;

  /** Names of the secret files in it. */
  readonly secrets: readonly string[];
}

/** JSON of `list`: the newest backup comes first. */
export interface BackupList {
  readonly target: string;
  readonly backups: readonly BackupRecord[];
}

/** JSON of `run`. */
export interface BackupRun {
  readonly backup: BackupRecord;

  /** Objects and bytes that no earlier backup had. */
  readonly newObjects: number;
  readonly newBytes: number;

  /** Ids of older backups that `BACKUP_KEEP` no longer asks for. */
  readonly deleted: readonly string[];

  /** What a person should know, as sentences. */
  readonly warnings: readonly string[];
  readonly seconds: number;
}

/** JSON of `check`. Damage ends with `BackupStatus.DAMAGED`. */
export interface BackupCheck {
  readonly backups: number;
  readonly objects: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly damaged: readonly {
    readonly backup: string;
    readonly time: string;
    readonly path: string;
    readonly reason: string;
  }[];
}

/** JSON of `restore`. */
export interface BackupRestore {
  readonly backup: BackupRecord;

  /**
   * Objects that were written, that had other content before, that were the same already, and that the backup does not
   * have. None is deleted. If only some objects were asked for, no others count.
   */
  readonly written: number;
  readonly replaced: number;
  readonly unchanged: number;
  readonly others: number;

  /** Bytes that were written. */
  readonly bytes: number;

  /** Secrets of webhooks and of the AI gateway that were encrypted again, with the keys in `BACKUP_SECRETS_FOLDER`. */
  readonly reencrypted: number;

  /** Those that neither the keys of the backup nor those of the stack can read, such as `webhook alerts`. */
  readonly unreadable: readonly string[];
  readonly warnings: readonly string[];
  readonly seconds: number;
}

/** JSON of `drill`. A difference ends with `BackupStatus.DAMAGED`. */
export interface BackupDrill {
  readonly backup: BackupRecord;

  /** Rows, objects and bytes that were read back. */
  readonly rows: number;
  readonly objects: number;
  readonly bytes: number;

  /** What is not as the backup's manifest says, as sentences. */
  readonly differences: readonly string[];

  /** Models that the database calls ready and that have no file in the backup. */
  readonly modelsWithoutFiles: readonly string[];

  /** Secrets of webhooks and of the AI gateway that the keys of the backup cannot read. */
  readonly unreadable: readonly string[];
  readonly seconds: number;
}

/** How a run of a verb ended. */
export interface BackupResult {
  readonly time: string;
  readonly seconds: number;
  readonly status: BackupStatus;

  /** One sentence, if it failed. */
  readonly message?: string;
}

/** JSON of `status`. It comes from `BACKUP_STATE_FOLDER`, so that asking costs the target nothing. */
export interface BackupState {
  readonly stack: string;
  readonly target: string;
  readonly schedule: string;
  readonly drillSchedule: string;
  readonly keep: string;

  /** The last good backup, and its age. Absent if there is none. */
  readonly backup?: BackupRecord;
  readonly ageSeconds?: number;

  /** Number of good backups after the last run. */
  readonly backups: number;
  readonly run?: BackupResult;
  readonly check?: BackupResult;
  readonly drill?: BackupResult;
  readonly restore?: BackupResult;
}

/** JSON of a verb that failed, with its exit status. */
export interface BackupFailure {
  readonly status: BackupStatus;
  readonly error: { readonly name: keyof typeof BackupStatus; readonly message: string; readonly remedy: string };
}
