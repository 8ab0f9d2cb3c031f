/** Where the program `mlflow/dump.sh` lies, which dumps the database before a migration. */
export const DUMP_FILE = "/etc/mlflow/dump.sh";

/** Where its volume lies: a folder that PostgreSQL's image gives to the user `postgres`. */
export const DUMP_VOLUME = "/var/lib/postgresql";

/** Folder of the dumps. */
export const DUMP_FOLDER = `${DUMP_VOLUME}/dumps`;

/** File in the container by which the command asks for a rollback: number of the dump, and time in seconds. */
export const ROLLBACK_REQUEST = "/tmp/rollback";

/**
 * File in the container with the digest or id of the image that is about to migrate. It is no argument: Terraform would
 * know all of them only after the apply.
 */
export const IMAGE_ID_FILE = "/etc/mlflow/image-id";

/** Authorities of the certificates of external databases, which PostgreSQL's image does not have. */
export const AUTHORITIES_FILE = "/etc/mlflow/authorities.pem";

/**
 * Views by which the jobs of a server agree, in addition to its identity:
 *
 * - `target`: written by the dump, the image that is about to migrate, and the revision that was dumped.
 * - `release`: written by the migration, the image that has brought the database to its revision.
 * - `rollback`: written with a restored dump; a migration refuses to change the schema until the rollback has ended.
 */
export const DUMP_VIEWS = {
  target: "mlflow_stack_target",
  release: "mlflow_stack_release",
  rollback: "mlflow_stack_rollback",
} as const;

/** An image of MLflow: its name, and its digest, or its id if it came from no registry. */
export interface DumpImage {
  readonly image: string;
  readonly id: string;
}

/** A dump of the database. Times are in the form of RFC 3339. */
export interface DumpRecord {
  readonly id: string;
  readonly time: string;
  readonly bytes: number;

  /** Revision of MLflow's schema. */
  readonly revision: string;

  /** The MLflow of before. Its values are empty if the database does not tell. */
  readonly from: DumpImage & { readonly version: string };

  /** The MLflow that was about to migrate. */
  readonly to: DumpImage;

  /** When it was restored. */
  readonly rolledBack?: string;
}

/** The last line of the program's output, as JSON. The newest dump comes last. */
export interface DumpReport {
  readonly dumps: readonly DumpRecord[];

  /** A rollback that has begun. */
  readonly rollback?: {
    readonly dump: string;
    readonly since: string;

    /** Whether the database is that of the dump; otherwise it is as it was. */
    readonly isRestored: boolean;
  };
}
