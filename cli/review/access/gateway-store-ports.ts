import { PORT_OFF } from "../../../lib/contract/gateway-settings";
import type { GatewaySettings, StorePortSetting } from "../../../lib/contract/gateway-settings";
import type { AccessChange } from "../model/model";
import { changes, closes, opens } from "../model/access-change";
import { text } from "../model/text";

const PORTS: { setting: StorePortSetting; what: string }[] = [
  {
    setting: "CONSOLE",
    what: "the store's console, in which an admin reads, changes and deletes all files of all users,",
  },
  { setting: "S3_API", what: "the store's S3 API, for programs with its keys," },
];

/** Which ports of the object store the gateway publishes, at which address, and with which login. */
export function storePortChanges(old: GatewaySettings | undefined, now: GatewaySettings): AccessChange[] {
  const ports = PORTS.flatMap(({ setting, what }): AccessChange[] => {
    const [before, after] = [addressOf(setting, old), addressOf(setting, now)];
    if (before === after) return [];
    if (before === undefined) return [opens([`${what} at `, ...text`${after ?? ""}`])];
    if (after === undefined) return [closes([`${what} at `, ...text`${before}`])];
    return [changes([`${what} at `, ...text`${before} → ${after}`])];
  });
  const [login, next] = [old?.CONSOLE_AUTH_METHOD, now.CONSOLE_AUTH_METHOD];
  if (login === undefined || next === undefined || login === next) return ports;
  return [...ports, changes(text`the login before the store's console: ${login} → ${next}`)];
}

/** Undefined if the port is not published. Without a host name, it is published on the engine's own host. */
function addressOf(setting: StorePortSetting, settings: GatewaySettings | undefined): string | undefined {
  const way = settings?.[setting];
  return way === undefined || way === PORT_OFF
    ? undefined
    : (settings?.[`${setting}_ADDRESS`]?.replace("//:", "//localhost:") ?? way);
}
