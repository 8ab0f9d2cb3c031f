import { Token } from "cdktf";
import type { IConstruct } from "constructs";
import { ValidationError } from "./errors";

const LOOPBACK = /^(?:localhost|.+\.localhost|127(?:\.\d+){1,3}|0\.0\.0\.0|::1?|\[::1?\])$/i;

/** Whether a host name means the machine that looks it up. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/** Fails on a host that means the container itself to the service that is told of it. */
export function rejectLoopback(prop: string, host: string, scope: IConstruct): void {
  if (!Token.isUnresolved(host) && isLoopback(host)) {
    throw new ValidationError(
      "LoopbackAddress",
      `'${prop}' must be a name or address that containers reach, because '${host}' means each container itself there; use the address of the machine, got: '${host}'`,
      scope,
    );
  }
}
