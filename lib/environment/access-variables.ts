import type { VariableDeclaration } from "./variable-declaration";

const ACME = { name: "MLFLOW_TLS", value: "automatic", byDefault: true } as const;
const CERTIFICATE = { name: "MLFLOW_TLS", value: "certificate" } as const;
const TERMINATED = { name: "MLFLOW_TLS", value: "terminated" } as const;
const OAUTH2 = { name: "OAUTH2_CLIENT_ID" } as const;

/** The variables for address, TLS, users and single sign-on. */
export const ACCESS_VARIABLES = [
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
    names: ["MLFLOW_BIND_ADDRESS"],
    description:
      "The address of the Docker host on which an https address is published. `0.0.0.0,::` is all of IPv4 and IPv6, on a host that has IPv6.",
    default: "`0.0.0.0`, or `::` if `MLFLOW_URL` has an IPv6 address",
  },
  {
    names: ["MLFLOW_HTTP_REDIRECT"],
    description: "`false` does not publish port 80, which redirects to https, beside port 443.",
    default: "`true`",
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
    default: "`users.json`, if it exists",
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
] as const satisfies readonly VariableDeclaration[];
