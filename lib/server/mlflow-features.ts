import type { AiProvider } from "./ai-provider";

/** MLflow's AI gateway. */
export interface AiGatewayOptions {
  /** Whom it may call. MLflow offers no other providers, and reaches no other hosts. */
  readonly providers: AiProvider[];
}

/** MLflow's webhooks. */
export interface WebhookOptions {
  /** Hosts that receive them: `hooks.example.com` for port 443, or with another port after a `:`. By https only. */
  readonly hosts: string[];
}

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
   * Calls to language models, with keys that admins give to MLflow and that it keeps encrypted. Only admins call, and
   * administer; requests that name their own path at the provider stay closed. Goes out by an `EgressProxy`.
   *
   * @default - off
   */
  readonly aiGateway?: AiGatewayOptions;

  /**
   * Webhooks: MLflow sends requests to addresses that admins name, by an `EgressProxy`.
   *
   * @default - off
   */
  readonly webhooks?: WebhookOptions;

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
   * machines of users report by themselves, unless `MLFLOW_DISABLE_TELEMETRY` is set there. Needs the hosts that
   * take them in `egress.hosts`: MLflow learns them from `config.mlflow-telemetry.io`.
   *
   * @default false
   */
  readonly telemetry?: boolean;
}
