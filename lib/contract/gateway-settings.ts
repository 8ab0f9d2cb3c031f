/** The environment variables that the gateway's Caddyfiles read as `{$NAME}` or `{env.NAME}`; caddy/README.md says what each is. */
export const GATEWAY_SETTINGS = [
  "ACCESS_LOG",
  "ACCESS_LOG_IPV4_BITS",
  "ACCESS_LOG_IPV6_BITS",
  "ACME_DIRECTORY",
  "ACME_EMAIL",
  "ACME_ROOT",
  "ADMIN_EMAILS",
  "ADMIN_GROUPS",
  "ADMIN_MACHINES",
  "AUTH_METHOD",
  "CONNECTIONS",
  "CONSOLE",
  "CONSOLE_ADDRESS",
  "CONSOLE_AUTH_METHOD",
  "CONSOLE_PORT",
  "CONSOLE_UPSTREAM",
  "CONTENT_SECURITY_POLICY",
  "CONTENT_SECURITY_POLICY_REPORT_ONLY",
  "FAILED_LOGINS_PER_ADDRESS",
  "FAILED_LOGINS_PER_USER",
  "FAILED_LOGINS_WINDOW",
  "FEATURES",
  "IPV6_HTTP",
  "IPV6_HTTPS",
  "OAUTH2_COOKIE",
  "OAUTH2_LOGOUT",
  "OAUTH2_PROXY",
  "RATE_LIMIT_EVENTS",
  "RATE_LIMIT_WINDOW",
  "READ_MACHINES",
  "S3_API",
  "S3_API_ADDRESS",
  "S3_API_PORT",
  "S3_API_UPSTREAM",
  "SITE_ADDRESS",
  "STORE",
  "STORE_AUTHORITY",
  "STORE_PATH",
  "STORE_SCHEME",
  "STRICT_TRANSPORT_SECURITY",
  "TLS",
  "TLS_CERTIFICATE",
  "TLS_DEFAULT_NAME",
  "TLS_PRIVATE_KEY",
  "TRANSFERS",
  "TRUSTED_PROXIES",
  "UPSTREAM",
  "UPSTREAM_KEY",
  "UPSTREAM_WAIT",
  "URL_HOSTNAME",
  "URL_ORIGIN",
  "URL_PORT",
  "URL_SCHEME",
  "WRITE_EMAILS",
  "WRITE_GROUPS",
  "WRITE_MACHINES",
] as const;

/** The environment variables that the two Caddyfiles of the egress proxy read. */
export const EGRESS_SETTINGS = [
  "EGRESS_HOSTS",
  "EGRESS_PORTS",
  "EGRESS_PRIVATE_HOSTS",
  "EGRESS_TCP_STORES",
  "EGRESS_TLS_STORES",
  "EGRESS_TO",
] as const;

/** Values of a gateway's environment variables, by name. */
export type GatewaySettings = { readonly [name in (typeof GATEWAY_SETTINGS)[number]]?: string };

/** Values of an egress proxy's environment variables, by name. */
export type EgressSettings = { readonly [name in (typeof EGRESS_SETTINGS)[number]]?: string };

/** The ports of a bundled object store that the gateway can publish, by the names that their settings begin with. */
export type StorePortSetting = "CONSOLE" | "S3_API";

/** The value of `CONSOLE` and `S3_API` if the port is not published. */
export const PORT_OFF = "off";

/** Folder of the gateway's configuration. */
export const CADDY_FOLDER = "/etc/caddy";

/** File with the certificate of a gateway that was given one. */
export const CERTIFICATE_FILE = `${CADDY_FOLDER}/tls/certificate.pem`;

/** File with its private key. */
export const PRIVATE_KEY_FILE = "/run/secrets/tls-private-key.pem";

/** File with the names, roles and workspaces of users who have a password. */
export const USERS_FILE = `${CADDY_FOLDER}/users.json`;

/** Folder of the bcrypt hashes, a file for each name in `USERS_FILE`. */
export const HASHES_FOLDER = "/run/secrets/users";

/** File with the certificate of the authority that signs the certificate of an object store elsewhere. */
export const STORE_AUTHORITY_FILE = `${CADDY_FOLDER}/store-ca.pem`;

/** Minutes that the gateway waits for MLflow's answer to a call. */
export const ANSWER_MINUTES = 5;
