/**
 * What of MLflow is switched on besides tracking and the model registry. Each switch sets MLflow's own setting and the
 * gateway's routes together. All but traces are for admins.
 */
export interface MlflowFeatureOptions {
  /**
   * Traces that are sent with OpenTelemetry, at `/v1/traces`, by users with the role `write`.
   *
   * @default true
   */
  readonly traces?: boolean;

  /**
   * Webhooks: MLflow sends requests to addresses that admins name. Needs `egress`.
   *
   * @default false
   */
  readonly webhooks?: boolean;

  /**
   * Background jobs, in four more processes.
   *
   * @default false
   */
  readonly jobExecution?: boolean;
}

/** Name of each feature in the gateway's list of routes. */
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
