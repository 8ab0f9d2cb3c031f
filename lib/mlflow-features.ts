/**
 * What of MLflow is switched on besides tracking and the model registry. Each switch sets MLflow's own setting and the
 * gateway's routes together. Beside traces and what a user's own workspace holds, all is for admins.
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

  /**
   * Workspaces: sets of experiments and models that are kept apart. A user works in the workspace of `UserOptions`, or
   * in the one named `default`, where all is that was there before; so do all who log in at an issuer. Only admins see
   * others, choose one by the header `X-MLFLOW-WORKSPACE`, and create, change and delete them.
   *
   * There is no way back: MLflow does not start without workspaces while an experiment, model or webhook lies outside
   * of `default`, deleted experiments included.
   *
   * @default false
   */
  readonly workspaces?: boolean;

  /**
   * Figures about the server for Prometheus, at `metricsUrl` of `MlflowServer`: requests by method and status, their
   * duration, and traces of OpenTelemetry clients. For services of the same network only: the gateway never passes
   * `/metrics` on. MLflow does not count calls that its newer parts answer: files, jobs and the AI gateway.
   *
   * @default false
   */
  readonly metrics?: boolean;

  /**
   * Reports of use to MLflow's makers, by the server and, through it, by the pages in users' browsers. Clients on
   * machines of users report by themselves, unless `MLFLOW_DISABLE_TELEMETRY` is set there. Needs `egress`.
   *
   * @default false
   */
  readonly telemetry?: boolean;
}
