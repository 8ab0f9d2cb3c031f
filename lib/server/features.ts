import type { ServerSettings } from "../contract/server-settings";
import { TLS_PORT } from "./egress-hosts";
import type { MlflowFeatureOptions } from "./feature-options";

/** Every feature by its name in `caddy/routes.json`, and whether it is on by default. */
export const FEATURES: { readonly [feature in keyof MlflowFeatureOptions]-?: boolean } = {
  traces: true,
  aiGateway: false,
  webhooks: false,
  jobExecution: false,
  workspaces: false,
  metrics: false,
  telemetry: false,
};

/** The names of the features that are on. */
export function enabledFeatures(features: MlflowFeatureOptions): string[] {
  // `undefined` counts as not given, so that an app can pass a value that it may not have.
  return (Object.keys(FEATURES) as (keyof typeof FEATURES)[]).filter((name) => features[name] ?? FEATURES[name]);
}

/**
 * MLflow's settings for the features that are on and off.
 *
 * @param metricsFolder where the workers share their counters.
 */
export function featureEnvironment(features: MlflowFeatureOptions, metricsFolder: string): { [name: string]: string } {
  const { aiGateway, jobExecution, metrics, telemetry, webhooks, workspaces } = features;
  const parts: ServerSettings[] = [
    {
      MLFLOW_DISABLE_TELEMETRY: String(!telemetry),
      DO_NOT_TRACK: String(!telemetry),
      MLFLOW_ENABLE_WORKSPACES: String(workspaces ?? false),
      MLFLOW_SERVER_ENABLE_JOB_EXECUTION: String(jobExecution ?? false),
      MLFLOW_ENABLE_AI_GATEWAY: String(aiGateway !== undefined),
    },
    metrics ? { MLFLOW_EXPOSE_PROMETHEUS: metricsFolder } : {},
    // MLflow resolves every host to the egress proxy, whose address is private. The proxy checks the host's own
    // address.
    webhooks ? { MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS: "true", WEBHOOK_HOSTS: hostList(webhooks.hosts) } : {},
    aiGateway
      ? {
          AI_GATEWAY_HOSTS: hostList(aiGateway.providers.flatMap(({ hosts }) => hosts)),
          MLFLOW_GATEWAY_API_BASE_ALLOW_PRIVATE_IPS: "true",
          MLFLOW_GATEWAY_ALLOWED_PROVIDERS: [...new Set(aiGateway.providers.map(({ name }) => name))].sort().join(","),
          // Without it LiteLLM waits for a price list from the internet.
          LITELLM_LOCAL_MODEL_COST_MAP: "True",
        }
      : {},
  ];
  return Object.assign({}, ...parts);
}

// With ports, and without order and duplicates, so that reordering a list does not change a plan.
function hostList(hosts: readonly string[]): string {
  const addresses = hosts.map((host) => (host.includes(":") ? host : `${host}:${TLS_PORT}`));
  return [...new Set(addresses)].sort().join(" ");
}
