import type { MlflowFeatureOptions } from "./mlflow-features";

// each feature's name in the gateway's list of routes.
const ROUTES: { readonly [feature in keyof MlflowFeatureOptions]-?: string } = {
  traces: "traces",
  webhooks: "webhooks",
  jobExecution: "job-execution",
};

/** The names of what is switched on, as the gateway's list of routes has them. */
export function featureRoutes(features: MlflowFeatureOptions): string[] {
  const on = { traces: true, ...features };
  return Object.entries(ROUTES).flatMap(([feature, name]) => (on[feature as keyof typeof ROUTES] ? [name] : []));
}
