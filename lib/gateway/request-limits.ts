import type { IConstruct } from "constructs";
import { Duration } from "../values/duration";
import { ValidationError } from "../values/errors";

/** How many requests a client may make. */
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

/**
 * Settings of the limits.
 *
 * @throws ValidationError when a limit allows no request, or its window is shorter than a second.
 */
export function requestLimits(
  scope: IConstruct,
  rateLimit: RateLimitOptions = {},
  failedLogins: FailedLoginOptions = {},
): { [name: string]: string } {
  const { events = 3000, window = Duration.seconds(10) } = rateLimit;
  const { perAddress = 30, perUser = 10, window: failureWindow = Duration.minutes(1) } = failedLogins;
  validateLimit(scope, "rateLimit", events, window);
  validateLimit(scope, "failedLogins", perAddress, failureWindow);
  validateLimit(scope, "failedLogins", perUser, failureWindow);
  return {
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
