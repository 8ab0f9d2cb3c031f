import type { GatewaySettings } from "./gateway-settings";
import { listChanges } from "./list-changes";
import type { AccessChange } from "../model/model";
import { text } from "../model/text";
import type { Text } from "../model/text";

const MEMBERS = { GROUPS: "group", EMAILS: "e-mail address", MACHINES: "service account" };
const ROLES = { ADMIN: "admin", WRITE: "write" };

/** The proxies that are trusted about clients' addresses, and the members of each role at the issuer. */
export function trustChanges(old: GatewaySettings | undefined, now: GatewaySettings): AccessChange[] {
  const roles = Object.entries(ROLES).flatMap(([prefix, role]) =>
    Object.entries(MEMBERS).flatMap(([suffix, kind]) => {
      const name = `${prefix}_${suffix}`;
      const describe = (member: string): Text => [`the role ${role} for the ${kind} `, ...text`${member}`];
      return listChanges(quotedWords(old?.[name]), quotedWords(now[name]), describe);
    }),
  );
  const proxies = listChanges(
    ranges(old),
    ranges(now),
    (range) => text`trust in ${range} about clients' addresses in forwarded headers`,
  );
  return [...roles, ...proxies];
}

function ranges(settings: GatewaySettings | undefined): string[] {
  return (settings?.TRUSTED_PROXIES ?? "").split(" ").filter((range) => range !== "");
}

// Words of a Caddyfile, each in backticks, which no name contains.
function quotedWords(list = ""): string[] {
  return [...list.matchAll(/`([^`]*)`/g)].flatMap(([, word]) => word ?? []);
}
