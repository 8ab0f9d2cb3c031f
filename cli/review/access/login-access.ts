import { CONFIGURATION_FILE, SUBJECTS_FILE } from "../../../lib/contract/oauth2-files";
import { filesOf, isShown, settingsOf as gatewaySettings } from "../plan/container";
import type { Configuration } from "../plan/configuration";
import type { PlannedContainer } from "../plan/container-change";
import { WEIGHTS, changes, closes, endangers, opens } from "../model/access-change";
import type { AccessChange } from "../model/model";
import { quotedWords } from "./gateway-trust";
import { onlyAdminsWrite } from "./gateway-writers";
import { listChanges } from "./list-changes";
import { names, text, words } from "../model/text";
import type { Text } from "../model/text";

type Settings = { readonly [name: string]: unknown };

const GITHUB = "https://github.com";
/** Settings of oauth2-proxy that `loginChanges()` judges, and those that change nothing about who may log in. */
const JUDGED =
  /^(provider|oidc_issuer_url|email_domains|allowed_groups|authenticated_emails_file|oidc_extra_audiences|skip_jwt_bearer_tokens|cookie_expire|client_id|oidc_groups_claim|http_address|redirect_url|scope|cookie_name|whitelist_domains|provider_ca_files|use_system_trust_store)$/;

/** Who may log in by single sign-on after the apply, compared with before. */
export function loginChanges(
  container: PlannedContainer,
  configuration: Configuration,
  gateway?: PlannedContainer,
): AccessChange[] {
  const now = settingsOf(container, "after", configuration);
  if (!now) return [];
  const old = settingsOf(container, "before", configuration);
  const describe = (machine: string) => text`calls by the service account ${machine}`;
  return [
    ...accounts(old, now, rightsOf(listOf(now, "allowed_groups"), gateway)),
    ...(old ? checks(old, now) : []),
    ...listChanges(machinesOf(container, "before"), machinesOf(container, "after"), describe, (sentence) =>
      opens(sentence, { weight: WEIGHTS.login }),
    ),
  ];
}

/** Settings of oauth2-proxy that change and are not judged here. */
export function unknownLoginSettings(container: PlannedContainer, configuration: Configuration): string[] {
  const now = settingsOf(container, "after", configuration);
  const old = settingsOf(container, "before", configuration);
  if (!now || !old) return [];
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .filter((name) => !JUDGED.test(name) && JSON.stringify(old[name]) !== JSON.stringify(now[name]))
    .sort();
}

/** Groups that may log in, as the settings of a login service say; undefined if it does not ask for a group. */
export function allowedGroups(container: PlannedContainer, configuration: Configuration): string[] {
  return listOf(settingsOf(container, "after", configuration) ?? {}, "allowed_groups");
}

/** The groups of admins of which `loginChanges()` tells already, as those of all accounts that get in. */
export function adminGroupsTold(
  container: PlannedContainer | undefined,
  configuration: Configuration,
  gateway: PlannedContainer,
): string[] {
  const now = container && settingsOf(container, "after", configuration);
  if (!now || container.action === "nothing") return [];
  const groups = listOf(now, "allowed_groups");
  const rights = rightsOf(groups, gateway);
  const isTold = accounts(settingsOf(container, "before", configuration), now, rights).some(
    ({ effect }) => effect === "opens",
  );
  return rights.isAdmin && isTold ? groups : [];
}

/** What the token of a program that the app does not name needs, to get in. */
export function tokenNeeds(container: PlannedContainer | undefined, configuration: Configuration): string {
  const settings = (container && settingsOf(container, "after", configuration)) ?? {};
  const isAny = listOf(settings, "email_domains").includes("*");
  const group = listOf(settings, "allowed_groups").length > 0 ? " and an allowed group" : "";
  return `${isAny ? "an e-mail address (of any domain)" : "an allowed e-mail address"}${group}`;
}

interface Rights {
  readonly sentence: string;

  /** The same without a sentence before it that says which accounts. */
  readonly everybody: string;

  /** The end of a clause on who may log in. */
  readonly short: string;

  /** Whether every account is an admin. */
  readonly isAdmin?: true;

  /** That only admins may log runs; undefined if others may, too. */
  readonly adminsOnly?: Text;
}

/** What an account may do that may log in because of its group. The gateway gives the role read to whom it knows no more of. */
export function rightsOf(groups: readonly string[], gateway: PlannedContainer | undefined): Rights {
  const lists = gatewaySettings(gateway?.after);
  const [admins, writers] = [lists.ADMIN_GROUPS, lists.WRITE_GROUPS].map(quotedWords) as [string[], string[]];
  if (groups.length > 0 && groups.every((group) => admins.includes(group)))
    return {
      sentence: "Each of these accounts is an admin, who may delete everything for good",
      everybody: "Whoever may log in is an admin, who may delete everything for good",
      short: ", all as admins",
      isAdmin: true,
    };
  if (groups.length > 0 && groups.every((group) => admins.includes(group) || writers.includes(group)))
    return {
      sentence: "Each of these accounts may read and change everything",
      everybody: "Whoever may log in may read and change everything",
      short: ", all with the role write",
    };
  return {
    adminsOnly: onlyAdminsWrite(gateway),
    sentence: "Such an account may read everything, and change nothing, unless a list gives it a role",
    everybody: "An account that may log in and is in no list of a role may read everything, and change nothing",
    short: "",
  };
}

function accounts(old: Settings | undefined, now: Settings, rights: Rights): AccessChange[] {
  const who = describeAccounts(now);
  const wide = listOf(now, "email_domains").includes("*") && listOf(now, "allowed_groups").length === 0;
  const { adminsOnly } = rights;
  const may = adminsOnly ? text`${words(rights.sentence)}: ${adminsOnly}` : words(rights.sentence);
  const more = {
    short: text`logins by single sign-on for ${shortly(now)}${words(rights.short)}`,
    weight: WEIGHTS.login,
    ...(rights.isAdmin && {
      warning: words(`by single sign-on, every account that gets in is an admin, who may delete everything for good`),
    }),
    ...(adminsOnly && { warning: adminsOnly }),
  };
  const say = (sentence: Text) => (wide ? endangers : opens)(sentence, more);
  if (!old) return [say(text`logins by single sign-on: ${who}. ${may}`)];
  const before = describeAccounts(old);
  if (JSON.stringify(before) === JSON.stringify(who)) return [];
  const sentence = text`who may log in by single sign-on: ${who}. Until now: ${before}`;
  const opened = text`${sentence}. ${may}`;
  if (issuerOf(old) !== issuerOf(now)) return [endangers(opened)];
  const domains = widens(listOf(old, "email_domains"), listOf(now, "email_domains"), (list) => list.includes("*"));
  const groups = widens(listOf(old, "allowed_groups"), listOf(now, "allowed_groups"), (list) => list.length === 0);
  return [domains || groups ? say(opened) : closes(sentence)];
}

function shortly(settings: Settings): Text {
  const [domains, groups] = [listOf(settings, "email_domains"), listOf(settings, "allowed_groups")];
  if (groups.length > 0) return text`the ${words(groups.length === 1 ? "group" : "groups")} ${names(groups)}`;
  return domains.includes("*") ? text`any account of ${issuerOf(settings)}` : text`everybody at ${names(domains)}`;
}

function describeAccounts(settings: Settings): Text {
  const issuer = issuerOf(settings);
  const domains = listOf(settings, "email_domains");
  const groups = listOf(settings, "allowed_groups");
  const who: Text = domains.includes("*")
    ? text`every account of ${issuer}`
    : domains.length === 0
      ? text`no account of ${issuer}`
      : text`every account of ${issuer} with an e-mail address at ${names(domains)}`;
  if (groups.length === 1) return text`${who} in the group ${names(groups)}`;
  if (groups.length > 0) return text`${who} that is in one of the groups ${names(groups)}`;
  return domains.includes("*")
    ? text`${who}, whoever has it: neither a domain nor a group is asked for`
    : text`${who}, in whatever group`;
}

function checks(old: Settings, now: Settings): AccessChange[] {
  const show = (value: unknown) =>
    value === undefined ? "nothing" : typeof value === "string" ? value : JSON.stringify(value);
  const changed = (name: string, what: string): AccessChange[] =>
    show(old[name]) === show(now[name]) ? [] : [changes(text`${words(what)}: ${show(old[name])} → ${show(now[name])}`)];
  return [
    ...changed("client_id", "the program as which MLflow is known at the issuer"),
    ...changed("oidc_groups_claim", "the field of a login that names the groups"),
    ...changed("cookie_expire", "how long a login lasts"),
    ...changed("provider_ca_files", "the authorities that prove who the issuer is"),
    ...changed("whitelist_domains", "addresses to which a login or logout may lead on"),
    ...listChanges(
      listOf(old, "oidc_extra_audiences"),
      listOf(now, "oidc_extra_audiences"),
      (program) => text`tokens of the issuer that were made for the program ${program}`,
    ),
  ];
}

function widens(old: string[], now: string[], isEverybody: (list: string[]) => boolean): boolean {
  if (isEverybody(old)) return false;
  return isEverybody(now) || now.some((entry) => !old.includes(entry));
}

function issuerOf(settings: Settings): string {
  const { oidc_issuer_url: issuer, provider } = settings;
  if (provider === "github") return GITHUB;
  return typeof issuer === "string" ? issuer : String(provider);
}

function listOf(settings: Settings, name: string): string[] {
  const value = settings[name];
  return Array.isArray(value) ? value.map(String) : [];
}

function machinesOf(container: PlannedContainer, side: "before" | "after"): string[] {
  const { [side]: attributes } = container;
  const content = attributes && filesOf(attributes).get(SUBJECTS_FILE)?.content;
  return (content ?? "").split("\n").filter(Boolean);
}

// The library writes each setting in a line, as JSON. Another form is shown as it is.
function settingsOf(container: PlannedContainer, side: "before" | "after", configuration: Configuration) {
  const { [side]: attributes, after, address } = container;
  const content = attributes && filesOf(attributes).get(CONFIGURATION_FILE)?.content;
  if (content === undefined || (after && !isShown(CONFIGURATION_FILE, address, after, configuration))) return undefined;
  return Object.fromEntries(
    content.split("\n").flatMap((line): [string, unknown][] => {
      const [, name, value] = /^\s*(\w+)\s*=\s*(.*)$/.exec(line) ?? [];
      if (name === undefined || value === undefined) return [];
      try {
        return [[name, JSON.parse(value)]];
      } catch {
        return [[name, value]];
      }
    }),
  );
}
