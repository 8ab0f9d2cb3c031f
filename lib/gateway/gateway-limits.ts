import type { IConstruct } from "constructs";
import type { AuthGatewayOptions } from "./auth-gateway-options";
import { Duration } from "../values/duration";
import { ValidationError } from "../values/errors";

/**
 * The limits of a gateway, as its files read them.
 *
 * @throws ValidationError when a limit lets nothing through, or its window is shorter than a second.
 */
export function gatewayLimits(
  scope: IConstruct,
  { rateLimit, failedLogins }: AuthGatewayOptions,
): { [name: string]: string } {
  const events = rateLimit?.events ?? 3000;
  const window = rateLimit?.window ?? Duration.seconds(10);
  const perAddress = failedLogins?.perAddress ?? 30;
  const perUser = failedLogins?.perUser ?? 10;
  const failures = failedLogins?.window ?? Duration.minutes(1);
  validateLimit(scope, "rateLimit", events, window);
  validateLimit(scope, "failedLogins", perAddress, failures);
  validateLimit(scope, "failedLogins", perUser, failures);
  return {
    RATE_LIMIT_EVENTS: String(events),
    RATE_LIMIT_WINDOW: window.toGoString(),
    FAILED_LOGINS_PER_ADDRESS: String(perAddress),
    FAILED_LOGINS_PER_USER: String(perUser),
    FAILED_LOGINS_WINDOW: failures.toGoString(),
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
