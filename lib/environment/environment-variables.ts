import { ACCESS_VARIABLES } from "./access-variables";
import { BACKUP_VARIABLES } from "./backup-variables";
import type { VariableDeclaration } from "./variable-declaration";

const EXTERNAL_DATABASE = { name: "DB_URL" } as const;
const EXTERNAL_BUCKET = { name: "MLFLOW_S3_BUCKET" } as const;
const GARBAGE = { name: "GC_SCHEDULE" } as const;

/**
 * All environment variables of the app, in the order of docs/settings.md, which `npm run docs` writes from this list.
 *
 * `StackEnvironment` can read no others.
 */
export const ENVIRONMENT_VARIABLES = [
  ...ACCESS_VARIABLES,
  {
    names: ["DB_URL"],
    description:
      "Your PostgreSQL database: `postgresql://user:password@host:5432/database`. `?sslmode=…` is allowed; without it the server's certificate is verified (`verify-full`). Only the password is treated as a secret.",
    default: "a container in the stack",
    terraformVariable: "db_password",
  },
  {
    names: ["DB_CA_CERTIFICATE"],
    description: "Certificate of the authority that signed the database's certificate, as PEM text.",
    default: "those the image trusts",
    needs: EXTERNAL_DATABASE,
  },
  {
    names: ["MLFLOW_S3_BUCKET"],
    description: "Your bucket. It needs `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`.",
    default: "a container in the stack",
  },
  {
    names: ["MLFLOW_S3_ENDPOINT_URL"],
    description: "Address of the bucket's S3 API, as containers reach it.",
    default: "Amazon's",
  },
  {
    names: ["MLFLOW_S3_CA_CERTIFICATE"],
    description: "Certificate of the authority that signed the S3 API's certificate, as PEM text.",
    default: "those the images trust",
    needs: EXTERNAL_BUCKET,
  },
  {
    names: ["MLFLOW_S3_REACHABLE_BY_CLIENTS"],
    description: "`true` if clients reach the S3 API themselves: they then transfer files there.",
    default: "`false`",
    needs: EXTERNAL_BUCKET,
  },
  {
    names: ["MLFLOW_TRANSFERS"],
    description:
      "`direct`: large files go between client and bucket through the gateway. `proxied`: all files go through MLflow.",
    default: "`direct` with the container, `proxied` with your bucket",
  },
  {
    names: ["MLFLOW_S3_PREFIX"],
    description: "Folder in your bucket.",
    default: "the root of the bucket",
    needs: EXTERNAL_BUCKET,
  },
  { names: ["AWS_DEFAULT_REGION", "AWS_REGION"], description: "Region of your bucket.", default: "`us-east-1`" },
  {
    names: ["AWS_ACCESS_KEY_ID"],
    description: "Access key for your bucket.",
    default: "none",
    terraformVariable: "aws_access_key_id",
  },
  {
    names: ["AWS_SECRET_ACCESS_KEY"],
    description: "Secret key for your bucket.",
    default: "none",
    terraformVariable: "aws_secret_access_key",
  },
  {
    names: ["AWS_SESSION_TOKEN"],
    description: "Session token, if the keys are temporary.",
    default: "none",
    terraformVariable: "aws_session_token",
  },
  {
    names: ["MINIO_CONSOLE"],
    description: "`true` publishes MinIO's console for admins, on port 9001.",
    default: "`false`",
  },
  {
    names: ["MINIO_S3_API"],
    description: "`true` publishes MinIO's S3 API for programs that have its keys, on port 9000.",
    default: "`false`",
  },
  ...BACKUP_VARIABLES,
  {
    names: ["GC_SCHEDULE"],
    description:
      "When [garbage](garbage.md), which users deleted long ago, is deleted for good: five fields of cron, in UTC, or a name such as `@daily`.",
    default: "never",
  },
  {
    names: ["GC_OLDER_THAN"],
    description: "How long ago garbage must have been deleted: a whole number with `d` or `h`, one day or more.",
    default: "`30d`",
    needs: GARBAGE,
  },
  {
    names: ["ACCESS_LOG_VOLUME"],
    description: "`true` writes the gateway's access log into rotated files on a volume.",
    default: "`false`: it goes to the container's output",
  },
  {
    names: ["ACCESS_LOG_MASK_ADDRESSES"],
    description: "`true` leaves the last part of clients' addresses out of the access log.",
    default: "`false`",
  },
  {
    names: ["MLFLOW_IMAGE", "POSTGRES_IMAGE", "MINIO_IMAGE", "GATEWAY_IMAGE", "OAUTH2_PROXY_IMAGE"],
    description: "Images to use instead of the pinned ones.",
    default: "pinned releases",
  },
  {
    names: ["BACKUP_IMAGE"],
    description: "Image of the backup service.",
    default: "built on the Docker engine",
  },
  {
    names: ["IMAGE_REGISTRY"],
    description:
      "Registry that mirrors all images under their own paths, such as `mirror.example.com/hub`. For one with a prefix for each registry, [set each image](recipes.md#pull-from-a-private-registry).",
    default: "each image's own",
  },
  {
    names: ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"],
    description:
      "HTTP proxies for building images. Plain Terraform takes them from `TF_VAR_build_https_proxy` and its like.",
    default: "none",
  },
  {
    names: ["MLFLOW_STACK"],
    description: "Id of the stack. Every name on the Docker engine begins with it.",
    default: "`mlflow`",
  },
  {
    names: ["DOCKER_HOST"],
    description: "The Docker engine, for example `ssh://user@host`. `docker context use` works too.",
    default: "the local engine",
  },
] as const satisfies readonly VariableDeclaration[];

type Declared = (typeof ENVIRONMENT_VARIABLES)[number];

/** Name of a variable that is declared above. */
export type VariableName = Declared["names"][number];

/** Name of a variable that holds a secret. */
export type SecretName = Extract<Declared, { terraformVariable: string }>["names"][number];

/** Name of the Terraform variable that takes the secret of an environment variable. */
export function terraformVariable(name: SecretName): string {
  const declared: readonly VariableDeclaration[] = ENVIRONMENT_VARIABLES;
  return declared.find(({ names }) => names.includes(name))?.terraformVariable ?? "";
}
