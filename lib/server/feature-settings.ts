import type { MlflowFeatureOptions } from "./mlflow-features";

/** MLflow's own settings of what is switched on and off. */
export function featureSettings(features: MlflowFeatureOptions): { [name: string]: string } {
  const { aiGateway, jobExecution, telemetry, webhooks, workspaces } = features;
  return {
    MLFLOW_DISABLE_TELEMETRY: String(!telemetry),
    DO_NOT_TRACK: String(!telemetry),
    MLFLOW_ENABLE_WORKSPACES: String(workspaces ?? false),
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION: String(jobExecution ?? false),
    MLFLOW_ENABLE_AI_GATEWAY: String(aiGateway !== undefined),
    // all that MLflow itself sees of a host is the proxy's address, which is a private one; the proxy sees the host's.
    ...(webhooks && { MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS: "true" }),
    ...(aiGateway && {
      MLFLOW_GATEWAY_API_BASE_ALLOW_PRIVATE_IPS: "true",
      MLFLOW_GATEWAY_ALLOWED_PROVIDERS: [...new Set(aiGateway.providers.map(({ name }) => name))].sort().join(","),
      // otherwise it waits for a list of prices from the internet.
      LITELLM_LOCAL_MODEL_COST_MAP: "True",
    }),
  };
}
