import type { VariableDeclaration } from "./variable-declaration";

const ACME = { name: "MLFLOW_TLS", value: "automatic", byDefault: true } as const;
const CERTIFICATE = { name: "MLFLOW_TLS", value: "certificate" } as const;
const TERMINATED = { name: "MLFLOW_TLS", value: "terminated" } as const;
const OAUTH2 = { name: "OAUTH2_CLIENT_ID" } as const;
const EXTERNAL_DATABASE = { name: "DB_URL" } as const;
const EXTERNAL_BUCKET = { name: "MLFLOW_S3_BUCKET" } as const;

/**
 * All of them, in the order of docs/settings.md, which `npm run docs` writes from this list.
 *
 * `StackEnvironment` can read no others.
 */
export const ENVIRONMENT_VARIABLES = [
  {
    names: ["MLFLOW_URL"],
    description:
      "The address that users open. It decides ports, bind address, TLS, and the host names that MLflow answers to.",
    default: "`http://localhost:8080`",
  },
  {
    names: ["MLFLOW_TLS"],
    description:
      "Where TLS ends: `automatic` (Caddy gets a certificate by ACME), `internal` (Caddy signs one with an authority of its own), `certificate` (yours), or `terminated` (at a proxy in front of the gateway).",
    default: "`automatic` for https addresses",
  },
  {
    names: ["TLS_EMAIL"],
    description: "E-mail address that the ACME authority may write to.",
    default: "none",
    needs: ACME,
  },
  {
    names: ["TLS_CERTIFICATE"],
    description: "Your certificate: the PEM text itself, not a path.",
    default: "none",
    needs: CERTIFICATE,
  },
  {
    names: ["TLS_PRIVATE_KEY"],
    description: "Private key of `TLS_CERTIFICATE`: the PEM text itself, without a passphrase.",
    default: "none",
    needs: CERTIFICATE,
    terraformVariable: "tls_private_key",
  },
  {
    names: ["TRUSTED_PROXIES"],
    description: "Addresses or ranges of the proxies in front of the gateway, separated by commas.",
    default: "none",
    needs: TERMINATED,
  },
  {
    names: ["MLFLOW_USERS_FILE"],
    description: "File that names the users, see [Users](roles.md#users).",
    default: "`users.json`, where there is one",
  },
  { names: ["AUTH_USERNAME"], description: "Name of the only admin, if there is no users file.", default: "`admin`" },
  {
    names: ["AUTH_PASSWORD"],
    description: "Password of that admin: 12 characters to 72 bytes.",
    default: "generated",
    terraformVariable: "auth_password",
  },
  {
    names: ["OAUTH2_CLIENT_ID"],
    description:
      "Client id of this stack at your identity provider. It switches [single sign-on](single-sign-on.md) on.",
    default: "none",
  },
  {
    names: ["OAUTH2_CLIENT_SECRET"],
    description: "Client secret that belongs to the client id.",
    default: "none",
    needs: OAUTH2,
    terraformVariable: "oauth2_client_secret",
  },
  {
    names: ["OAUTH2_PROVIDER"],
    description: "Kind of identity provider: `oidc`, `google`, `github`, `entra` or `keycloak`.",
    default: "`oidc`",
    needs: OAUTH2,
  },
  {
    names: ["OAUTH2_ISSUER_URL"],
    description: "https address of the issuer, exactly as `iss` of its tokens has it.",
    default: "known for Google and GitHub",
    needs: OAUTH2,
  },
  {
    names: ["OAUTH2_ISSUER_CERTIFICATE"],
    description: "Certificate of the authority that signed the issuer's certificate, as PEM text.",
    default: "those the image trusts",
    needs: OAUTH2,
  },
  {
    names: ["OAUTH2_ALLOWED_DOMAINS"],
    description: "Domains of e-mail addresses that may log in, separated by commas.",
    default: "none",
    needs: OAUTH2,
  },
  {
    names: ["OAUTH2_ALLOWED_GROUPS"],
    description: "Groups whose members may log in, separated by commas.",
    default: "none",
    needs: OAUTH2,
  },
  {
    names: ["OAUTH2_ALLOW_ANY_DOMAIN"],
    description: "`true` lets in everybody who has an account at the issuer.",
    default: "`false`",
    needs: OAUTH2,
  },
  {
    names: ["OAUTH2_ALLOWED_SERVICE_ACCOUNTS"],
    description: "Subjects (`sub`) of service accounts that may log in, separated by commas.",
    default: "those that have a role",
    needs: OAUTH2,
  },
  {
    names: ["OAUTH2_WRITE_GROUPS", "OAUTH2_WRITE_EMAILS", "OAUTH2_WRITE_SERVICE_ACCOUNTS"],
    description:
      "Groups, e-mail addresses and service accounts with the role `write`. Everybody else who may log in has `read`.",
    default: "nobody",
    needs: OAUTH2,
  },
  {
    names: ["OAUTH2_ADMIN_GROUPS", "OAUTH2_ADMIN_EMAILS", "OAUTH2_ADMIN_SERVICE_ACCOUNTS"],
    description: "Groups, e-mail addresses and service accounts with the role `admin`.",
    default: "nobody",
    needs: OAUTH2,
  },
  {
    names: ["OAUTH2_AUDIENCES"],
    description:
      "Audiences (`aud`) that tokens of service accounts may have besides the client id, separated by commas.",
    default: "none",
    needs: OAUTH2,
  },
  {
    names: ["OAUTH2_GROUPS_CLAIM"],
    description: "Claim of the token that holds the groups.",
    default: "`groups`",
    needs: OAUTH2,
  },
  {
    names: ["OAUTH2_END_SESSION_URL"],
    description: "Address at which the issuer ends its own session, for logout.",
    default: "known for Keycloak and Entra",
    needs: OAUTH2,
  },
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
    names: ["IMAGE_REGISTRY"],
    description: "Registry that mirrors all images, such as `mirror.example.com/hub`.",
    default: "each image's own",
  },
  {
    names: ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"],
    description: "HTTP proxies for building the gateway's image.",
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
