import type { AccessLogOptions } from "./access-log";
import type { ContentSecurityPolicy } from "./content-security-policy";
import type { FailedLoginOptions, RateLimitOptions } from "./rate-limits";
import type { Tls } from "./tls/tls";
import type { Transfers } from "./transfers";
import type { HealthCheckOptions } from "../network/health-check";
import type { HostBinding } from "../network/host-binding";
import type { ServiceImage } from "../network/service-image";
import type { DataSize } from "../values/data-size";
import type { Duration } from "../values/duration";

/** A port of the store that the gateway publishes on the engine's host. */
export interface PublishedPortOptions {
  /**
   * Number of the port.
   *
   * @default - 9001 for the console, 9000 for the S3 API
   */
  readonly port?: number;

  /**
   * The hosts that can reach the port. Others than the engine's own host need an https `url`.
   *
   * @default - the engine's own host
   */
  readonly binding?: HostBinding;
}

/** Options of an `AuthGateway`, wherever it is created. */
export interface AuthGatewayOptions {
  /**
   * Image with Caddy, the plugins `rate_limit` and `replace_response`, and the handlers of caddy/plugin.
   *
   * @default - built on the engine from caddy/plugin
   */
  readonly image?: ServiceImage;

  /**
   * Build arguments of the default image, such as `GOPROXY`. Not for secrets.
   *
   * @default - `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, from the environment of `mlflow-stack`
   */
  readonly buildArguments?: { [name: string]: string };

  /**
   * Where TLS ends, and which certificate is used.
   *
   * @default - no TLS at localhost, `Tls.automatic()` for https addresses
   */
  readonly tls?: Tls;

  /**
   * The addresses of the engine's host on which the ports of an https `url` are published. `Tls.terminatedBefore()` has
   * a `binding` of its own, and a loopback `url` is published at its own address.
   *
   * @default - `::` if `url` has an IPv6 address, else 0.0.0.0
   */
  readonly binding?: HostBinding;

  /**
   * Whether port 80 is published beside port 443, for redirects to https. Without it, `Tls.automatic()` gets its
   * certificate over port 443.
   *
   * @default true
   */
  readonly httpRedirect?: boolean;

  /**
   * Requests of one client address, counted before any login. Further requests get 429 and `Retry-After`.
   *
   * @default - 3,000 in 10 seconds
   */
  readonly rateLimit?: RateLimitOptions;

  /**
   * Failed logins, counted before a hash is computed. Further attempts get 429 and `Retry-After`.
   *
   * @default - in 1 minute, 30 of one address and 10 of one address with one user name
   */
  readonly failedLogins?: FailedLoginOptions;

  /**
   * The sources that browsers accept for scripts, images and frames of MLflow's pages.
   *
   * @default ContentSecurityPolicy.strict()
   */
  readonly contentSecurityPolicy?: ContentSecurityPolicy;

  /**
   * The log of requests.
   *
   * @default - JSON lines with full client addresses on the container's output
   */
  readonly accessLog?: AccessLogOptions;

  /**
   * The port of the bundled store's console. It asks for the login of an admin, and then for the console's own.
   *
   * @default - published on the engine's own host, if the store has the console switched on
   */
  readonly console?: PublishedPortOptions;

  /**
   * How artifacts get from clients to the store and back.
   *
   * @default - direct for a store of the stack or one that clients reach, else through MLflow
   */
  readonly transfers?: Transfers;

  /**
   * The port of the bundled store's S3 API, for programs with the keys in the stack's outputs `s3_access_key_id` and
   * `s3_secret_access_key`. Requests without a signature do not reach the store.
   *
   * @default - published on the engine's own host, if the store has the S3 API switched on
   */
  readonly s3Api?: PublishedPortOptions;

  /**
   * How long a request waits for a service behind the gateway that restarts, such as MLflow or the store, before it
   * gets 502.
   *
   * @default 1 minute
   */
  readonly upstreamWait?: Duration;

  /**
   * Memory limit, 64 MiB or more. Each MiB allows 8 open connections of clients, up to 2,000.
   *
   * @default 256 MiB
   */
  readonly memory?: DataSize;

  /**
   * Timing of the health check.
   *
   * @default - every 10 seconds
   */
  readonly healthCheck?: HealthCheckOptions;
}
