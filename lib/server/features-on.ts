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
  // what is given as undefined is not given, so that an app can leave it to a variable.
  return (Object.keys(FEATURES) as (keyof typeof FEATURES)[]).filter((name) => features[name] ?? FEATURES[name]);
}
