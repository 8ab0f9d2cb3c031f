/** An environment variable that decides what is deployed, or several that do the same for different things. */
export interface EnvironmentVariable {
  readonly names: readonly string[];

  /** What it does: full sentences, in Markdown. */
  readonly description: string;

  /** What holds when it is not set, in Markdown. */
  readonly default: string;

  /** The sensitive Terraform variable that takes its value, or the secret part of it. */
  readonly terraformVariable?: string;
}

/**
 * All of them, in the order of the README, whose table is made from this list by `npm run docs`.
 *
 * `StackEnvironment` can read no others.
 */
export const ENVIRONMENT_VARIABLES = [
  {
    names: ["MLFLOW_URL"],
    description: "The address for users. Decides ports, bind address, TLS and the hosts MLflow answers to.",
    default: "`http://localhost:8080`",
  },
  { names: ["AUTH_USERNAME"], description: "Name of the user.", default: "`admin`" },
  {
    names: ["AUTH_PASSWORD"],
    description: "Password, 12 characters to 72 bytes.",
    default: "generated",
    terraformVariable: "auth_password",
  },
  {
    names: ["DB_URL"],
    description:
      "A PostgreSQL database to use: `postgresql://user:password@host:5432/database?sslmode=require`. Its password is the secret.",
    default: "a container",
    terraformVariable: "db_password",
  },
  {
    names: ["DB_CA_CERTIFICATE"],
    description: "Certificate of the authority of that database, in PEM form.",
    default: "those the image trusts",
  },
  { names: ["MLFLOW_S3_BUCKET"], description: "A bucket to use. It needs the two keys.", default: "a container" },
  {
    names: ["MLFLOW_S3_ENDPOINT_URL"],
    description: "Address of its S3 API, as containers reach it.",
    default: "Amazon's",
  },
  { names: ["MLFLOW_S3_PREFIX"], description: "Folder in the bucket.", default: "its root" },
  { names: ["AWS_DEFAULT_REGION", "AWS_REGION"], description: "Region of the bucket.", default: "`us-east-1`" },
  {
    names: ["AWS_ACCESS_KEY_ID"],
    description: "Access key for the bucket.",
    default: "none",
    terraformVariable: "aws_access_key_id",
  },
  {
    names: ["AWS_SECRET_ACCESS_KEY"],
    description: "Secret key for the bucket.",
    default: "none",
    terraformVariable: "aws_secret_access_key",
  },
  {
    names: ["AWS_SESSION_TOKEN"],
    description: "Token of the keys, where they are temporary.",
    default: "none",
    terraformVariable: "aws_session_token",
  },
  {
    names: ["MLFLOW_IMAGE", "POSTGRES_IMAGE", "MINIO_IMAGE", "GATEWAY_IMAGE"],
    description: "Other images.",
    default: "pinned releases",
  },
  {
    names: ["IMAGE_REGISTRY"],
    description: "A registry that mirrors all images, such as `mirror.example.com/hub`.",
    default: "each image's own",
  },
  {
    names: ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"],
    description: "Proxies for building the gateway's image.",
    default: "none",
  },
  {
    names: ["MLFLOW_STACK"],
    description: "Id of the stack: the beginning of every name on the engine.",
    default: "`mlflow`",
  },
  {
    names: ["DOCKER_HOST"],
    description: "The engine, also `ssh://user@host`. `docker context use` works too.",
    default: "the local one",
  },
] as const satisfies readonly EnvironmentVariable[];

type Declared = (typeof ENVIRONMENT_VARIABLES)[number];

/** Name of a variable that is declared above. */
export type VariableName = Declared["names"][number];

/** Name of a variable that holds a secret. */
export type SecretName = Extract<Declared, { terraformVariable: string }>["names"][number];

/** Name of the Terraform variable that takes the secret of an environment variable. */
export function terraformVariable(name: SecretName): string {
  const declared: readonly EnvironmentVariable[] = ENVIRONMENT_VARIABLES;
  return declared.find(({ names }) => names.includes(name))?.terraformVariable ?? "";
}
