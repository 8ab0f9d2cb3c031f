import { Token } from "cdktf";
import type { IConstruct } from "constructs";
import { ValidationError } from "./errors";
import { isLoopback } from "./loopback";

/**
 * Checks a host that containers connect to.
 *
 * @throws ValidationError when it is a loopback address, which inside a container is the container itself.
 */
export function rejectLoopback(prop: string, host: string, scope: IConstruct): void {
  if (!Token.isUnresolved(host) && isLoopback(host)) {
    throw new ValidationError(
      "LoopbackAddress",
      `'${prop}' must be a name or address that containers reach, because inside a container '${host}' is the container itself; use the address of the machine, got: '${host}'`,
      scope,
    );
  }
}
