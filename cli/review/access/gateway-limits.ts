import type { GatewaySettings } from "../../../lib/contract/gateway-settings";
import type { AccessChange } from "../model/model";
import { goSeconds } from "../plan/go-duration";
import { closes, opens } from "../model/access-change";
import { text } from "../model/text";

const LIMITS: { what: string; events: keyof GatewaySettings; window: keyof GatewaySettings }[] = [
  { what: "rate limit of a client", events: "RATE_LIMIT_EVENTS", window: "RATE_LIMIT_WINDOW" },
  { what: "failed logins of an address", events: "FAILED_LOGINS_PER_ADDRESS", window: "FAILED_LOGINS_WINDOW" },
  {
    what: "failed logins of an address with one user name",
    events: "FAILED_LOGINS_PER_USER",
    window: "FAILED_LOGINS_WINDOW",
  },
];

/** The limits of the gateway that let more through than before, or less. */
export function limitChanges(old: GatewaySettings, now: GatewaySettings): AccessChange[] {
  return LIMITS.flatMap(({ what, events, window }): AccessChange[] => {
    const rate = (settings: GatewaySettings) => Number(settings[events]) / goSeconds(settings[window]);
    const limit = (settings: GatewaySettings) => `${settings[events]} in ${settings[window]}`;
    const [before, after] = [rate(old), rate(now)];
    if (before === after || !Number.isFinite(before) || !Number.isFinite(after)) return [];
    return [(after > before ? opens : closes)([`${what}: `, ...text`${limit(old)} → ${limit(now)}`])];
  });
}
