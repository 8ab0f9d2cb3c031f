import { ContainerRole } from "../../../lib/contract/container-roles";
import { GATEWAY_KEY_FILE } from "../../../lib/contract/secret-files";
import type { Attributes } from "../plan/attributes";
import { filesOf, settingsOf } from "../plan/container";

/**
 * What a service of the library asks for by itself, without the gateway; undefined if nobody knows of anything.
 *
 * @param internal a port inside; any of its usual ones if it is left out.
 */
export function ownLogin(role: string | undefined, container: Attributes, internal?: number): string | undefined {
  const isAt = (port: number) => internal === undefined || internal === port;
  if (role === ContainerRole.OBJECT_STORE && isAt(9000)) return "the store still asks for its own keys";
  if (role === ContainerRole.OBJECT_STORE && isAt(9001))
    return "the store's console still asks for the store's own password";
  const isTrusting = settingsOf(container).POSTGRES_HOST_AUTH_METHOD !== undefined;
  if (role === ContainerRole.DATABASE && isAt(5432) && !isTrusting)
    return "the database still asks for its own password";
  const asksForKey =
    filesOf(container).has(GATEWAY_KEY_FILE) &&
    container.texts("command").join(" ").includes("--app-name gateway-only");
  return role === ContainerRole.SERVER && isAt(5000) && asksForKey
    ? "MLflow answers nobody without the gateway's key"
    : undefined;
}
