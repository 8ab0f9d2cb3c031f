import type { ContentSecurityPolicy } from "./content-security-policy";
import type { DataSize } from "../values/data-size";
import type { Duration } from "../values/duration";
import type { HostBinding } from "../network/host-binding";
import type { HealthCheckOptions } from "../network/health-check";
import type { ServiceImage } from "../network/service-image";
import type { VolumeOptions } from "../network/service-network";
import type { Tls } from "./tls";
import type { Transfers } from "./transfers";

/** How many requests a client may make. */
export interface RateLimitOptions {
  /**
   * Number of requests in a window.
   *
   * @default 3000
   */
  readonly events?: number;

  /**
   * Length of the window, which slides.
   *
   * @default 10 seconds
   */
  readonly window?: Duration;
}

/**
 * How many logins may fail. A login that has succeeded once since the gateway started is never held up by those that
 * fail, whoever makes them.
 */
export interface FailedLoginOptions {
  /**
   * Failures of one client address in a window.
   *
   * @default 30
   */
  readonly perAddress?: number;

  /**
   * Failures of one client address with one user name in a window.
   *
   * @default 10
   */
  readonly perUser?: number;

  /**
   * Length of the window.
   *
   * @default 1 minute
   */
  readonly window?: Duration;
}

/** What is logged of requests, and where. */
export interface AccessLogOptions {
  /**
   * A volume for log files, which are rotated at 100 MB and kept ten times or 90 days.
   *
   * @default - the log goes to the container's output
   */
  readonly volume?: VolumeOptions;

  /**
   * Whether the last part of client addresses is left out: 8 bits of IPv4, 80 bits of IPv6.
   *
   * @default false
   */
  readonly maskAddresses?: boolean;
}

/** A further port on the engine's host. */
export interface AdminPortOptions {
  /**
   * Number of the port.
   *
   * @default - 9001 for the console, 9000 for the S3 API
   */
  readonly port?: number;

  /**
   * From where it can be reached. Anything but the engine's own host needs an https `url`.
   *
   * @default - from the engine's own host
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
   * Build arguments of the default image, such as `HTTPS_PROXY`. Not for secrets.
   *
   * @default - none
   */
  readonly buildArguments?: { [name: string]: string };

  /**
   * Who ends TLS, and with which certificate.
   *
   * @default - none at localhost, `Tls.automatic()` for https addresses
   */
  readonly tls?: Tls;

  /**
   * Requests of one client address, before any login. More are answered with 429 and `Retry-After`.
   *
   * @default - 3,000 in 10 seconds
   */
  readonly rateLimit?: RateLimitOptions;

  /**
   * Failed logins, which are counted before a hash is computed. More are answered with 429 and `Retry-After`.
   *
   * @default - 30 of an address and 10 of an address with a user name in a minute
   */
  readonly failedLogins?: FailedLoginOptions;

  /**
   * What browsers accept from MLflow's pages.
   *
   * @default ContentSecurityPolicy.strict()
   */
  readonly contentSecurityPolicy?: ContentSecurityPolicy;

  /**
   * What is logged of requests.
   *
   * @default - JSON lines with whole client addresses on the container's output
   */
  readonly accessLog?: AccessLogOptions;

  /**
   * Where the console of the bundled store is published, behind the login of an admin and then its own.
   *
   * @default - on the engine's own host, where the store has it switched on
   */
  readonly console?: AdminPortOptions;

  /**
   * How artifacts get from clients to the store and back.
   *
   * @default - direct to a store of the stack or one that clients reach, else through MLflow
   */
  readonly transfers?: Transfers;

  /**
   * Where the S3 API of the bundled store is published, for programs with keys: the outputs `s3_access_key_id` and
   * `s3_secret_access_key` of the stack. Nothing without a signature reaches the store.
   *
   * @default - on the engine's own host, where the store has it switched on
   */
  readonly s3Api?: AdminPortOptions;

  /**
   * How long a request waits for an upstream that restarts.
   *
   * @default 1 minute
   */
  readonly upstreamWait?: Duration;

  /**
   * Memory limit, 64 MiB or more.
   *
   * @default 256 MiB
   */
  readonly memory?: DataSize;

  /**
   * Timing of the check whether the gateway answers.
   *
   * @default - every 2 seconds
   */
  readonly healthCheck?: HealthCheckOptions;
}
