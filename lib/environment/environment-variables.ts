import type { VariableDeclaration } from "./variable-declaration";

const ACME = { name: "MLFLOW_TLS", value: "automatic", byDefault: true } as const;
const CERTIFICATE = { name: "MLFLOW_TLS", value: "certificate" } as const;
const TERMINATED = { name: "MLFLOW_TLS", value: "terminated" } as const;
const OAUTH2 = { name: "OAUTH2_CLIENT_ID" } as const;
const EXTERNAL_DATABASE = { name: "DB_URL" } as const;
const EXTERNAL_BUCKET = { name: "MLFLOW_S3_BUCKET" } as const;

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
  {
    names: ["MLFLOW_TLS"],
    description:
      "Who ends TLS: `automatic` (ACME), `internal` (Caddy's own authority), `certificate`, or `terminated` by a proxy before the gateway.",
    default: "`automatic` for https addresses",
  },
  { names: ["TLS_EMAIL"], description: "Address to which the ACME authority may write.", default: "none", needs: ACME },
  {
    names: ["TLS_CERTIFICATE"],
    description: "Certificate for `certificate`, in PEM form.",
    default: "none",
    needs: CERTIFICATE,
  },
  {
    names: ["TLS_PRIVATE_KEY"],
    description: "Its private key, in PEM form.",
    default: "none",
    needs: CERTIFICATE,
    terraformVariable: "tls_private_key",
  },
  {
    names: ["TRUSTED_PROXIES"],
    description: "Addresses or ranges of the proxies for `terminated`, with commas between them.",
    default: "none",
    needs: TERMINATED,
  },
  {
    names: ["MLFLOW_USERS_FILE"],
    description: "File with the users, see [Users](#users).",
    default: "`users.json`, where there is one",
  },
  { names: ["AUTH_USERNAME"], description: "Name of the one admin, where there is no such file.", default: "`admin`" },
  {
    names: ["AUTH_PASSWORD"],
    description: "Password of that admin, 12 characters to 72 bytes.",
    default: "generated",
    terraformVariable: "auth_password",
  },
  {
    names: ["OAUTH2_CLIENT_ID"],
    description: "Client id of this stack at an identity provider. Switches on the login there.",
    default: "none",
  },
  {
    names: ["OAUTH2_CLIENT_SECRET"],
    description: "Its client secret.",
    default: "none",
    needs: OAUTH2,
    terraformVariable: "oauth2_client_secret",
  },
  {
    names: ["OAUTH2_PROVIDER"],
    description: "`oidc`, `google`, `github`, `entra` or `keycloak`.",
    default: "`oidc`",
    needs: OAUTH2,
  },
  {
    names: ["OAUTH2_ISSUER_URL"],
    description: "Address of the issuer, an https one.",
    default: "that of Google and GitHub",
    needs: OAUTH2,
  },
  {
    names: ["OAUTH2_ISSUER_CERTIFICATE"],
    description: "Certificate of the authority that signed the issuer's own, in PEM form.",
    default: "those the image trusts",
    needs: OAUTH2,
  },
  {
    names: ["OAUTH2_ALLOWED_DOMAINS"],
    description: "Domains of e-mail addresses that may log in, with commas between them.",
    default: "none",
    needs: OAUTH2,
  },
  {
    names: ["OAUTH2_ALLOWED_GROUPS"],
    description: "Groups whose members may log in, with commas between them.",
    default: "none",
    needs: OAUTH2,
  },
  {
    names: ["OAUTH2_ALLOW_ANY_DOMAIN"],
    description: "`true` lets in everybody to whom the issuer gives an account.",
    default: "`false`",
    needs: OAUTH2,
  },
  {
    names: ["OAUTH2_ALLOWED_MACHINES"],
    description: "Subjects of tokens without an e-mail address that may enter, with commas between them.",
    default: "those with a role",
    needs: OAUTH2,
  },
  {
    names: ["OAUTH2_WRITE_GROUPS", "OAUTH2_WRITE_EMAILS", "OAUTH2_WRITE_MACHINES"],
    description: "Who may write; all others read.",
    default: "nobody",
    needs: OAUTH2,
  },
  {
    names: ["OAUTH2_ADMIN_GROUPS", "OAUTH2_ADMIN_EMAILS", "OAUTH2_ADMIN_MACHINES"],
    description: "Who is an admin.",
    default: "nobody",
    needs: OAUTH2,
  },
  {
    names: ["OAUTH2_AUDIENCES"],
    description: "Audiences of machines' tokens besides the client id, with commas between them.",
    default: "none",
    needs: OAUTH2,
  },
  { names: ["OAUTH2_GROUPS_CLAIM"], description: "Claim that holds the groups.", default: "`groups`", needs: OAUTH2 },
  {
    names: ["OAUTH2_END_SESSION_URL"],
    description: "Where the issuer ends its own session, so that a logout is one.",
    default: "that of Keycloak and Entra",
    needs: OAUTH2,
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
    needs: EXTERNAL_DATABASE,
  },
  { names: ["MLFLOW_S3_BUCKET"], description: "A bucket to use. It needs the two keys.", default: "a container" },
  {
    names: ["MLFLOW_S3_ENDPOINT_URL"],
    description: "Address of its S3 API, as containers reach it.",
    default: "Amazon's",
  },
  {
    names: ["MLFLOW_S3_CA_CERTIFICATE"],
    description: "Certificate of the authority of that address, in PEM form.",
    default: "those the images trust",
    needs: EXTERNAL_BUCKET,
  },
  {
    names: ["MLFLOW_S3_REACHABLE_BY_CLIENTS"],
    description: "`true` when clients reach that address too: they then transfer files there.",
    default: "`false`",
    needs: EXTERNAL_BUCKET,
  },
  {
    names: ["MLFLOW_TRANSFERS"],
    description: "`direct` or `proxied`: whether files pass MLflow by, through the gateway, or go through it.",
    default: "`direct` with the container",
  },
  { names: ["MLFLOW_S3_PREFIX"], description: "Folder in the bucket.", default: "its root", needs: EXTERNAL_BUCKET },
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
  { names: ["MINIO_CONSOLE"], description: "`true` publishes the bucket's console for admins.", default: "`false`" },
  {
    names: ["MINIO_S3_API"],
    description: "`true` publishes the bucket's S3 API for programs with keys.",
    default: "`false`",
  },
  {
    names: ["ACCESS_LOG_VOLUME"],
    description: "`true` puts the access log into rotated files on a volume.",
    default: "`false`: the container's output",
  },
  {
    names: ["ACCESS_LOG_MASK_ADDRESSES"],
    description: "`true` leaves the last part of clients' addresses out of it.",
    default: "`false`",
  },
  {
    names: ["MLFLOW_IMAGE", "POSTGRES_IMAGE", "MINIO_IMAGE", "GATEWAY_IMAGE", "OAUTH2_PROXY_IMAGE"],
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
