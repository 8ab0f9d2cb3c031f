/** Name of the label that says which part of a stack a container is: one of `ContainerRole`. */
export const ROLE_LABEL = "cdktf-mlflow.role";

/** Name of the label with the `triggers` of a job. */
export const TRIGGERS_LABEL = "cdktf-mlflow.triggers";

/** The host name of a job's container begins with this, and goes on with the time of its plan: YYYYMMDDhhmmss. */
export const PLANNED = "planned-";

/** The parts of a stack. The constructs write them into labels, and the command finds containers by them. */
export enum ContainerRole {
  BACKUP = "backup",
  BUCKET_JOB = "bucket-job",
  DATABASE = "database",
  DUMP_JOB = "dump-job",
  EGRESS_ENTRY = "egress-entry",
  EGRESS_PROXY = "egress-proxy",
  GARBAGE = "garbage",
  GATEWAY = "gateway",
  MIGRATION_JOB = "migration-job",
  OAUTH2_PROXY = "oauth2-proxy",
  OBJECT_STORE = "object-store",
  ROOT_CERTIFICATE_JOB = "root-certificate-job",
  SERVER = "server",
  WORKSPACES_JOB = "workspaces-job",
}
