import type { GatewaySettings } from "./gateway-settings";
import type { AccessChange } from "../model/model";
import { closes, opens } from "../model/access-change";
import { text } from "../model/text";

const LIMITS = [
  { what: "rate limit of a client", events: "RATE_LIMIT_EVENTS", window: "RATE_LIMIT_WINDOW" },
  { what: "failed logins of an address", events: "FAILED_LOGINS_PER_ADDRESS", window: "FAILED_LOGINS_WINDOW" },
  {
    what: "failed logins of an address with one user name",
    events: "FAILED_LOGINS_PER_USER",
    window: "FAILED_LOGINS_WINDOW",
  },
];
const SECONDS: { readonly [unit: string]: number } = { ms: 0.001, s: 1, m: 60, h: 3600 };

/** Which limits let more through, or less. */
export function limitChanges(old: GatewaySettings, now: GatewaySettings): AccessChange[] {
  return LIMITS.flatMap(({ what, events, window }): AccessChange[] => {
    const rate = (settings: GatewaySettings) => Number(settings[events]) / seconds(settings[window]);
    const limit = (settings: GatewaySettings) => `${settings[events]} in ${settings[window]}`;
    const [before, after] = [rate(old), rate(now)];
    if (before === after || !Number.isFinite(before) || !Number.isFinite(after)) return [];
    return [(after > before ? opens : closes)([`${what}: `, ...text`${limit(old)} → ${limit(now)}`])];
  });
}

// in Go's form: 1m30s.
function seconds(duration = ""): number {
  const parts = [...duration.matchAll(/([\d.]+)(ms|s|m|h)/g)];
  return parts.reduce((sum, [, amount, unit = ""]) => sum + Number(amount) * (SECONDS[unit] ?? NaN), 0);
}
