import type { MlflowFeatureOptions } from "./mlflow-features";

/** Every feature, named as the gateway's list of routes does too, and whether it is on by itself. */
export const FEATURES: { readonly [feature in keyof MlflowFeatureOptions]-?: boolean } = {
  traces: true,
  aiGateway: false,
  webhooks: false,
  jobExecution: false,
  workspaces: false,
  metrics: false,
  telemetry: false,
};

/** The names of what is switched on. */
export function featuresOn(features: MlflowFeatureOptions): string[] {
  return Object.entries({ ...FEATURES, ...features }).flatMap(([feature, on]) => (on ? [feature] : []));
}
