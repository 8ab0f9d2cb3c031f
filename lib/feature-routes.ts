import type { MlflowFeatureOptions } from "./mlflow-features";

/** Each feature's name in the gateway's list of routes. */
export const FEATURE_ROUTES: { readonly [feature in keyof MlflowFeatureOptions]-?: string } = {
  traces: "traces",
  aiGateway: "ai-gateway",
  webhooks: "webhooks",
  jobExecution: "job-execution",
  workspaces: "workspaces",
  metrics: "metrics",
  telemetry: "telemetry",
};

/** The names of what is switched on, as the gateway's list of routes has them. */
export function featureRoutes(features: MlflowFeatureOptions): string[] {
  const on = { traces: true, ...features };
  return Object.entries(FEATURE_ROUTES).flatMap(([feature, name]) =>
    on[feature as keyof typeof FEATURE_ROUTES] ? [name] : [],
  );
}
