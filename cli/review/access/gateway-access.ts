import { posix } from "node:path";
import { HASHES_FOLDER, USERS_FILE } from "../../../lib/contract/gateway-settings";
import type { GatewaySettings } from "../../../lib/contract/gateway-settings";
import { DEFAULT_WORKSPACE } from "../../../lib/contract/logins";
import { listensLocally } from "../../../lib/values/loopback";
import type { Configuration } from "../plan/configuration";
import { filesOf, isOurs, isShown, settingsOf } from "../plan/container";
import type { PlannedContainer } from "../plan/container-change";
import { limitChanges } from "./gateway-limits";
import { storePortChanges } from "./gateway-store-ports";
import { transferChanges } from "./gateway-transfers";
import { trustChanges } from "./gateway-trust";
import { listChanges } from "./list-changes";
import type { AccessChange } from "../model/model";
import { WEIGHTS, changes, closes, endangers, opens } from "../model/access-change";
import { count, text, words } from "../model/text";
import type { Text } from "../model/text";

// docs/features.md and docs/roles.md say the same.
const FEATURES: { readonly [name: string]: string } = {
  aiGateway: ": admins, after their login, let MLflow call models elsewhere, with keys that MLflow keeps",
  jobExecution:
    ": evaluations, scorers and prompt optimizations run as processes of MLflow's server; only admins start them, after their login",
  metrics:
    ": measurements of the server, for containers on its internal network, without a login; the gateway lets nobody read them",
  telemetry: ": the server, and its pages in browsers, report their use to MLflow's makers; nobody has to start that",
  traces: ": users with the role write, after their login, store records of what happens inside of a call",
  webhooks: ": admins, after their login, enter the addresses that MLflow calls when something happens",
  workspaces: ": a user sees one workspace only, an admin all; what is there now is in the one named “default”",
};

const DAY = 24 * 60 * 60;

interface User {
  readonly role?: string;
  readonly workspace?: string;
}

/**
 * Changes of the access through the gateway: address, TLS, login, users, features, transfers, limits, trust, rules.
 *
 * @param admins groups of admins of which another finding tells.
 */
export function gatewayChanges(
  gateway: PlannedContainer,
  configuration: Configuration,
  admins: readonly string[],
): AccessChange[] {
  const { before, after } = gateway;
  if (!after) return [];
  const now = settingsOf(after);
  const old = before && settingsOf(before);
  return [
    ...(old ? changedSettings(old, now) : firstSettings(now)),
    ...storePortChanges(old, now),
    ...trustChanges(old, now, admins),
    ...features(old?.FEATURES, now.FEATURES),
    ...userChanges(gateway, configuration, old, now),
    ...(old ? lockedOut(old, now) : []),
    ...(before ? fileChanges(gateway) : []),
  ];
}

function firstSettings(now: GatewaySettings): AccessChange[] {
  const address = addressOf(now);
  return [
    ...(address === undefined ? [] : [opens(text`the gateway answers at ${address}`)]),
    ...(now.AUTH_METHOD === undefined ? [] : [opens(text`login by ${now.AUTH_METHOD}`)]),
  ];
}

function changedSettings(old: GatewaySettings, now: GatewaySettings): AccessChange[] {
  const found: AccessChange[] = [];
  const changed = (name: keyof GatewaySettings) => old[name] !== now[name];
  const fromTo = (name: keyof GatewaySettings) => text`${old[name] ?? "nothing"} → ${now[name] ?? "nothing"}`;
  const [address, next] = [addressOf(old), addressOf(now)];
  if (address !== next)
    found.push(changes(text`the gateway's address: ${address ?? "nothing"} → ${next ?? "nothing"}`));
  if (changed("TLS")) found.push(changes(text`the certificate of the gateway: ${fromTo("TLS")}`));
  if (changed("URL_SCHEME")) {
    found.push(
      now.URL_SCHEME === "https"
        ? closes(words(`plain HTTP: the gateway answers by TLS${refusals(now)}`))
        : (listensLocally(now.URL_HOSTNAME ?? "") ? opens : endangers)(
            words(`plain HTTP: passwords and data travel in clear${refusals(old)}`),
          ),
    );
  } else if (changed("STRICT_TRANSPORT_SECURITY")) {
    const lasting = words(refusals(now.STRICT_TRANSPORT_SECURITY ? now : old));
    found.push(changes(text`Strict-Transport-Security: ${fromTo("STRICT_TRANSPORT_SECURITY")}${lasting}`));
  }
  if (changed("AUTH_METHOD")) found.push(changes(text`the login method: ${fromTo("AUTH_METHOD")}`));
  if (changed("UPSTREAM")) found.push(changes(text`the service behind the gateway: ${fromTo("UPSTREAM")}`));
  return [...found, ...policyChanges(old, now), ...transferChanges(old, now), ...limitChanges(old, now)];
}

// Browsers keep the header, whatever is deployed later.
function refusals({ STRICT_TRANSPORT_SECURITY: header = "" }: GatewaySettings): string {
  const days = Math.ceil(Number(/max-age=(\d+)/.exec(header)?.[1] ?? 0) / DAY);
  return days > 0
    ? `. Browsers refuse plain HTTP at this address for ${count(days, "day")} after their last visit by TLS, also once this change is taken back`
    : "";
}

// The library refuses users with passwords without an admin.
function lockedOut(old: GatewaySettings, now: GatewaySettings): AccessChange[] {
  const admins = ({ ADMIN_EMAILS, ADMIN_GROUPS, ADMIN_MACHINES }: GatewaySettings) =>
    [ADMIN_EMAILS, ADMIN_GROUPS, ADMIN_MACHINES].some(Boolean);
  return admins(old) && now.AUTH_METHOD === "oauth2" && !admins(now)
    ? [
        {
          ...closes(words("no account of the login service is an admin any more: nobody can delete for good")),
          danger: true,
        },
      ]
    : [];
}

function policyChanges(old: GatewaySettings, now: GatewaySettings): AccessChange[] {
  const [before, after] = [old.CONTENT_SECURITY_POLICY || undefined, now.CONTENT_SECURITY_POLICY || undefined];
  if (before === after) return [];
  if (after === undefined) {
    return now.CONTENT_SECURITY_POLICY_REPORT_ONLY
      ? [opens(words("what the Content-Security-Policy forbids MLflow's pages: browsers report it and stop nothing"))]
      : [opens(words("what the Content-Security-Policy forbids MLflow's pages: there is none any more"))];
  }
  return before === undefined
    ? [closes(words("what the Content-Security-Policy forbids MLflow's pages: browsers stop it"))]
    : [changes(words("what the Content-Security-Policy forbids MLflow's pages: read the setting"))];
}

function features(old: string | undefined, now: string | undefined): AccessChange[] {
  const [before, after] = [old, now].map((list) => (list ?? "").split(/[\s,]+/).filter(Boolean));
  return listChanges(
    before ?? [],
    after ?? [],
    (name) => text`the feature ${name}${words(FEATURES[name] ?? "")}`,
    (sentence) => opens(sentence, { short: sentence.slice(0, 2), weight: WEIGHTS.feature }),
  );
}

function userChanges(
  gateway: PlannedContainer,
  configuration: Configuration,
  old: GatewaySettings = {},
  now: GatewaySettings,
) {
  const before = usersOf(gateway, "before", configuration, old);
  const after = usersOf(gateway, "after", configuration, now);
  const found: AccessChange[] = [];
  for (const [name, { role, workspace }] of after) {
    const former = before.get(name);
    if (!former) {
      found.push(opens(text`a login for ${name}${as(role)}${inside(workspace)}`, { weight: WEIGHTS.login }));
      continue;
    }
    if (former.role !== role)
      found.push(changes(text`the role of ${name}: ${former.role ?? "none"} → ${role ?? "none"}`));
    const [left, right] = [former.workspace ?? DEFAULT_WORKSPACE, workspace ?? DEFAULT_WORKSPACE];
    if (left !== right) found.push(changes(text`the workspace of ${name}: ${left} → ${right}`));
  }
  for (const [name, { role }] of before)
    if (!after.has(name)) found.push(closes(text`the login of ${name}${as(role)}`));
  return found;
}

function usersOf(
  { address, ...gateway }: PlannedContainer,
  side: "before" | "after",
  configuration: Configuration,
  settings: GatewaySettings,
): Map<string, User> {
  const users = new Map<string, User>();
  // A gateway of release 0.1.0 has one user, who may do everything. An upgrade from there is no new login.
  const { AUTH_USERNAME: only } = settings as { AUTH_USERNAME?: string };
  if (only) users.set(only, { role: "admin" });
  const container = gateway[side];
  const plain = gateway.after && isShown(USERS_FILE, address, gateway.after, configuration);
  const content = container && plain && isOurs(container) ? filesOf(container).get(USERS_FILE)?.content : undefined;
  for (const [name, user] of parseUsers(content)) users.set(name, user);
  return users;
}

function parseUsers(content: string | undefined): [name: string, user: User][] {
  const textOf = (value: unknown) => (typeof value === "string" ? value : undefined);
  try {
    const parsed: unknown = JSON.parse(content ?? "[]");
    return (Array.isArray(parsed) ? (parsed as { [key: string]: unknown }[]) : []).flatMap((user) =>
      typeof user?.name === "string"
        ? [[user.name, { role: textOf(user.role), workspace: textOf(user.workspace) }]]
        : [],
    );
  } catch {
    // The diff shows the file as it is.
    return [];
  }
}

function fileChanges({ before, after }: PlannedContainer): AccessChange[] {
  if (!before || !after) return [];
  const old = filesOf(before);
  const now = filesOf(after);
  const differs = (path: string) =>
    old.get(path)?.content !== now.get(path)?.content || (now.has(path) && now.get(path)?.content === undefined);
  return [
    ...[...old.keys()].sort().flatMap((path) => {
      const [folder, user] = [posix.dirname(path), posix.basename(path)];
      return folder === HASHES_FOLDER && now.has(path) && differs(path)
        ? [changes(text`the password of ${user}: logins with the old one are refused from then on`)]
        : [];
    }),
  ];
}

function addressOf({ URL_ORIGIN: origin, SITE_ADDRESS: site }: GatewaySettings): string | undefined {
  return origin ?? site;
}

function as(role: string | undefined): Text {
  return role === undefined ? [] : text` as ${role}`;
}

function inside(workspace: string | undefined): Text {
  return workspace === undefined ? [] : text` in the workspace ${workspace}`;
}
