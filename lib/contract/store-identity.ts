/** Where the program `mlflow/stores.py` lies, which compares a server's stores with the stack's identity. */
export const STORES_FILE = "/etc/mlflow/stores.py";

/** Where a job finds the lines that a person has accepted: those that say what the job found. */
export const ACCEPTED_FILE = "/tmp/accepted-stores";

/** Where the bucket job finds its policy. No other container has this file. */
export const POLICY_FILE = "/etc/minio/policy.json";

/** Folder in a bucket with the marks of the servers that keep their files there, one for each server. */
export const MARKS = "#mlflow-stack-identity/";

/** An identity: the server's name, the time of the first plan, and a random part. */
export const IDENTITY_VALUE = /^[^/\s]+\/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\/[0-9a-f-]{36}$/;

/** View in a database with the identity of its server. */
export const IDENTITY_VIEW = "mlflow_stack_identity";

/** Exit status of `stores.py` and of the bucket job. */
export enum StoresVerdict {
  /** The stores are empty, or another stack's. */
  OTHER_STORES = 3,

  /** The schema of the database is not that of this MLflow. */
  OTHER_SCHEMA = 4,
}

/** Environment variables that `stores.py` reads besides those of MLflow and boto3. */
export const IDENTITY_SETTINGS = ["MIGRATION_JOB", "STACK_IDENTITY", "STACK_MAKES_BUCKET"] as const;

/** Values of these variables, by name. */
export type IdentitySettings = { readonly [name in (typeof IDENTITY_SETTINGS)[number]]?: string };

/** Name of the libpq service in the service file of every client: a client connects with `service=mlflow`. */
export const SERVICE_NAME = "mlflow";
