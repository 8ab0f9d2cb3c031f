import type { AiProvider } from "./ai-provider";

/** MLflow's AI gateway. */
export interface AiGatewayOptions {
  /** The providers that it may call. MLflow offers no others, and reaches no other hosts. */
  readonly providers: AiProvider[];
}

/** MLflow's webhooks. */
export interface WebhookOptions {
  /** Hosts that receive webhooks, by https only: `hooks.example.com` for port 443, or with another port after a `:`. */
  readonly hosts: string[];
}

/**
 * Features of MLflow besides tracking and the model registry. Each option sets both MLflow's own setting and the routes
 * of the gateway. All are for admins, except traces and a user's own workspace.
 */
export interface MlflowFeatureOptions {
  /**
   * Traces that users with the role `write` send with OpenTelemetry, to `/v1/traces`.
   *
   * @default true
   */
  readonly traces?: boolean;

  /**
   * Calls to language models, with keys that admins give to MLflow, which stores them encrypted. Only admins may call
   * the models and administer the keys. Requests with their own path at the provider stay closed. Calls leave through
   * an `EgressProxy`.
   *
   * @default - off
   */
  readonly aiGateway?: AiGatewayOptions;

  /**
   * Webhooks: MLflow sends requests to addresses that admins set, through an `EgressProxy`.
   *
   * @default - off
   */
  readonly webhooks?: WebhookOptions;

  /**
   * Background jobs. They run in eight more processes, which take 1792 MiB with one job, and 256 MiB or more for each
   * further job at the same time.
   *
   * @default false
   */
  readonly jobExecution?: boolean;

  /**
   * Workspaces: separate sets of experiments and models. A user works in the workspace of `UserOptions`, or in
   * `default`, which holds everything from before. Users who log in at an issuer work in `default`. Only admins see
   * other workspaces, choose one by the header `X-MLFLOW-WORKSPACE`, and create, change and delete them.
   *
   * It is hard to switch off again: MLflow does not start without workspaces while an experiment, even a deleted one, a
   * model or a webhook is outside of `default`.
   *
   * @default false
   */
  readonly workspaces?: boolean;

  /**
   * Metrics for Prometheus, at `metricsUrl` of `MlflowServer`: requests by method and status, their duration, and
   * traces of OpenTelemetry clients. For services on the same network only, because the gateway never passes `/metrics`
   * on. MLflow does not count calls for files, jobs and the AI gateway.
   *
   * @default false
   */
  readonly metrics?: boolean;

  /**
   * Usage reports to the MLflow project, from the server and, through it, from the pages in users' browsers. Clients on
   * other machines report on their own, unless `MLFLOW_DISABLE_TELEMETRY` is set there. Needs the receiving hosts in
   * `egress.hosts`: MLflow learns them from `config.mlflow-telemetry.io`.
   *
   * @default false
   */
  readonly telemetry?: boolean;
}
