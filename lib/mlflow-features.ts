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
   * Background jobs. Eight more processes wait for them, which takes 1792 MiB with room for one job, and 256 MiB or more
   * for each further one at the same time.
   *
   * @default false
   */
  readonly jobExecution?: boolean;
}
