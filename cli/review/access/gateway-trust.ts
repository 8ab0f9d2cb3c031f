import type { GatewaySettings } from "../../../lib/contract/gateway-settings";
import { listChanges } from "./list-changes";
import { WEIGHTS, changes, endangers, opens } from "../model/access-change";
import type { AccessChange } from "../model/model";
import { text } from "../model/text";
import type { Text } from "../model/text";

const MEMBERS: { list: keyof GatewaySettings; role: string; kind: string }[] = [
  { list: "ADMIN_GROUPS", role: "admin", kind: "group" },
  { list: "ADMIN_EMAILS", role: "admin", kind: "e-mail address" },
  { list: "ADMIN_MACHINES", role: "admin", kind: "service account" },
  { list: "WRITE_GROUPS", role: "write", kind: "group" },
  { list: "WRITE_EMAILS", role: "write", kind: "e-mail address" },
  { list: "READ_MACHINES", role: "read", kind: "service account" },
  { list: "WRITE_MACHINES", role: "write", kind: "service account" },
];

const SERVICES: { setting: keyof GatewaySettings; what: string }[] = [
  { setting: "OAUTH2_PROXY", what: "the service that decides who is logged in" },
  { setting: "CONSOLE_UPSTREAM", what: "the service behind the address of the store's console" },
  { setting: "S3_API_UPSTREAM", what: "the service behind the address of the store's S3 API" },
];

/**
 * The proxies that are trusted about clients' addresses, and the members of each role at the issuer.
 *
 * @param admins groups of admins of which another finding tells.
 */
export function trustChanges(
  old: GatewaySettings | undefined,
  now: GatewaySettings,
  admins: readonly string[],
): AccessChange[] {
  const roles = MEMBERS.flatMap(({ list, role, kind }) => {
    const describe = (member: string): Text => [`the role ${role} for the ${kind} `, ...text`${member}`];
    const told = list === "ADMIN_GROUPS" ? admins : [];
    const [before, after] = [quotedWords(old?.[list]), quotedWords(now[list])];
    const untold = after.filter((member) => before.includes(member) || !told.includes(member));
    return listChanges(before, untold, describe, (sentence) => opens(sentence, { weight: WEIGHTS.role }));
  });
  const proxies = listChanges(
    ranges(old),
    ranges(now),
    (range) => text`trust in ${range} about clients' addresses in forwarded headers`,
  );
  return [...roles, ...proxies, ...(old ? [...servicesBehind(old, now), ...storeAuthority(old, now)] : [])];
}

// Without direct transfers the gateway has none.
function storeAuthority({ STORE_AUTHORITY: left }: GatewaySettings, { STORE_AUTHORITY: right }: GatewaySettings) {
  return left === undefined || right === undefined || left === right
    ? []
    : [changes(text`the authorities that prove who the store is: ${left} → ${right}`)];
}

// Services that the gateway asks, or hands requests to.
function servicesBehind(old: GatewaySettings, now: GatewaySettings): AccessChange[] {
  return SERVICES.flatMap(({ setting, what }): AccessChange[] => {
    const [left, right] = [old[setting], now[setting]];
    if (left === right || right === undefined || (left === undefined && isStore(right, now))) return [];
    if (left === undefined) return [changes([`${what}: `, ...text`${"nothing"} → ${right}`])];
    return [endangers([`${what}: `, ...text`${right} instead of ${left}`])];
  });
}

function isStore(address: string, { STORE: store }: GatewaySettings): boolean {
  return store !== undefined && address.replace(/:\d+$/, "") === store.replace(/:\d+$/, "");
}

function ranges(settings: GatewaySettings | undefined): string[] {
  return (settings?.TRUSTED_PROXIES ?? "").split(" ").filter((range) => range !== "");
}

/** Words of a Caddyfile, each in backticks, which no name contains. */
export function quotedWords(list = ""): string[] {
  return [...list.matchAll(/`([^`]*)`/g)].flatMap(([, word]) => word ?? []);
}
