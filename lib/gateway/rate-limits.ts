import type { IConstruct } from "constructs";
import type { DataSize } from "../values/data-size";
import { Duration } from "../values/duration";
import { ValidationError } from "../values/errors";

// Docker's own proxy, for clients on the engine's machine, ends at some 5,000.
const MAX_CONNECTIONS = 2000;
// An idle connection takes 33 KiB with TLS, one with a request a multiple of that.
const CONNECTIONS_PER_MEBIBYTE = 8;

/** How many requests a client may make: an address, or a user of an address whose password was right before. */
export interface RateLimitOptions {
  /**
   * Number of requests in a window.
   *
   * @default 3000
   */
  readonly events?: number;

  /**
   * Length of the sliding window.
   *
   * @default 10 seconds
   */
  readonly window?: Duration;
}

/**
 * How many logins may fail. Credentials that were right once since the gateway started are not affected by the failures
 * of others.
 */
export interface FailedLoginOptions {
  /**
   * Failures of one client address in a window. Beyond them the address has one more attempt with each user name,
   * because Docker Desktop and rootless engines give all clients the same address.
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

/**
 * Settings of the limits. The memory decides how many connections may be open.
 *
 * @throws ValidationError when a limit allows no request, or its window is shorter than a second.
 */
export function requestLimits(
  scope: IConstruct,
  memory: DataSize,
  rateLimit: RateLimitOptions = {},
  failedLogins: FailedLoginOptions = {},
): { [name: string]: string } {
  const { events = 3000, window = Duration.seconds(10) } = rateLimit;
  const { perAddress = 30, perUser = 10, window: failureWindow = Duration.minutes(1) } = failedLogins;
  validateLimit(scope, "rateLimit", events, window);
  validateLimit(scope, "failedLogins", perAddress, failureWindow);
  validateLimit(scope, "failedLogins", perUser, failureWindow);
  return {
    CONNECTIONS: String(Math.min(MAX_CONNECTIONS, memory.toMebibytes() * CONNECTIONS_PER_MEBIBYTE)),
    RATE_LIMIT_EVENTS: String(events),
    RATE_LIMIT_WINDOW: window.toGoString(),
    FAILED_LOGINS_PER_ADDRESS: String(perAddress),
    FAILED_LOGINS_PER_USER: String(perUser),
    FAILED_LOGINS_WINDOW: failureWindow.toGoString(),
  };
}

function validateLimit(scope: IConstruct, prop: string, events: number, window: Duration): void {
  if (Number.isInteger(events) && events >= 1 && window.toMilliseconds() >= 1000) return;
  throw new ValidationError(
    "RateLimit",
    `'${prop}' must be 1 or more in a 'window' of 1 second or more, got: ${events} in ${window}`,
    scope,
  );
}
