import type { EgressSettings, GatewaySettings } from "../../../lib/contract/gateway-settings";
import type { OpeningSetting, ServerSettings, StoreSettings } from "../../../lib/contract/server-settings";
import type { IdentitySettings } from "../../../lib/contract/store-identity";

// Not all that the contract has: a setting that is added there must be read by a person until a finding tells of it.

const GATEWAY: readonly (keyof GatewaySettings)[] = [
  "ACME_EMAIL",
  "ADMIN_EMAILS",
  "ADMIN_GROUPS",
  "ADMIN_MACHINES",
  "AUTH_METHOD",
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
  "TLS_DEFAULT_NAME",
  "TRANSFERS",
  "TRUSTED_PROXIES",
  "UPSTREAM",
  "UPSTREAM_WAIT",
  "URL_HOSTNAME",
  "URL_ORIGIN",
  "URL_PORT",
  "URL_SCHEME",
  "WRITE_EMAILS",
  "WRITE_GROUPS",
  "WRITE_MACHINES",
];

const EGRESS_PROXY: readonly (keyof EgressSettings)[] = [
  "EGRESS_HOSTS",
  "EGRESS_PORTS",
  "EGRESS_PRIVATE_HOSTS",
  "EGRESS_TCP_STORES",
  "EGRESS_TLS_STORES",
];

const SERVER: readonly (keyof (ServerSettings & StoreSettings & IdentitySettings) | OpeningSetting)[] = [
  "AI_GATEWAY_HOSTS",
  "DO_NOT_TRACK",
  "LITELLM_LOCAL_MODEL_COST_MAP",
  "MLFLOW_ARTIFACTS_DESTINATION",
  "MLFLOW_BACKEND_STORE_URI",
  "MLFLOW_DISABLE_TELEMETRY",
  "MLFLOW_ENABLE_AI_GATEWAY",
  "MLFLOW_ENABLE_WORKSPACES",
  "MLFLOW_EXPOSE_PROMETHEUS",
  "MLFLOW_GATEWAY_ALLOWED_PROVIDERS",
  "MLFLOW_GATEWAY_API_BASE_ALLOW_PRIVATE_IPS",
  "MLFLOW_S3_ENDPOINT_URL",
  "MLFLOW_SERVER_ALLOWED_HOSTS",
  "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS",
  "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE",
  "MLFLOW_SERVER_ENABLE_JOB_EXECUTION",
  "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW",
  "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE",
  "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS",
  "MLFLOW_WORKERS",
  "PGOPTIONS",
  "STACK_IDENTITY",
  "STACK_MAKES_BUCKET",
  "WEBHOOK_HOSTS",
];

const OBJECT_STORE = ["BUCKET", "IDENTITIES", "MINIO_BROWSER"];

/**
 * Environment variables without an effect on users, data and access, and those of which a finding tells every change.
 */
export const JUDGED_VARIABLES: ReadonlySet<string> = new Set([...GATEWAY, ...EGRESS_PROXY, ...SERVER, ...OBJECT_STORE]);
