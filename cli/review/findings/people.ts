import { ContainerRole } from "../../../lib/contract/container-roles";
import type { ClientSetting } from "../../../lib/contract/server-settings";
import { actionOf } from "../../terraform/json/plan-actions";
import type { Action } from "../../terraform/json/plan-actions";
import type { Plan } from "../../terraform/json/plan-json";
import { filesOf, settingsOf, variableOf } from "../plan/container";
import type { PlannedContainer } from "../plan/container-change";
import { allowedGroups, rightsOf, tokenNeeds } from "../access/login-access";
import type { GatewaySettings } from "../../../lib/contract/gateway-settings";
import type { Configuration } from "../plan/configuration";
import { CONTENTS } from "../model/model";
import type { DataFinding, PeopleFinding } from "../model/model";
import { capital, names, text, words } from "../model/text";
import type { Text } from "../model/text";
import { imageChange, isOlder, versionOf } from "../plan/images";
import { isDumped } from "./jobs";
import { hasAnotherLogin, passwordChanges } from "./passwords";

const MAX_NAMED = 3;
const COOKIE_SECRET = "/run/secrets/oauth2-cookie-secret";
const UNASKED = "A new user alone does not ask for this: ask the author why. ";
const ADDRESS: ClientSetting = "MLFLOW_TRACKING_URI";
const TOKEN: ClientSetting = "MLFLOW_TRACKING_TOKEN";
// The value of TLS with which the gateway signs its certificate itself.
const PRIVATE = "internal";

/** What people must do, and what they will see: a new address, new passwords, a backup before the apply. */
export function peopleMust(
  containers: readonly PlannedContainer[],
  plan: Plan,
  configuration: Configuration,
  data: readonly DataFinding[],
): PeopleFinding[] {
  const changing = containers.filter(({ action, before, after }) => action !== "nothing" && before && after);
  const gateway = changing.find(({ role }) => role === ContainerRole.GATEWAY);
  return [
    ...switchedOff(containers, plan),
    ...moves(data),
    ...changing
      .filter(({ role }) => role === ContainerRole.MIGRATION_JOB)
      .flatMap((job) => backup(job, isDumped(job, containers, configuration))),
    ...(gateway
      ? [
          ...address(gateway),
          ...certificate(gateway),
          ...logins(gateway, containers, configuration),
          ...passwords(gateway, plan),
        ]
      : containers.filter(({ role, before }) => role === ContainerRole.GATEWAY && !before).flatMap(certificate)),
    ...(changing.some(losesSessions)
      ? [told(words("Everybody who is logged in by single sign-on has to log in again."))]
      : []),
  ];
}

// A sentence that the headline repeats as it is.
function told(sentence: Text): PeopleFinding {
  return { text: sentence, sentence };
}

function switchedOff(containers: readonly PlannedContainer[], plan: Plan): PeopleFinding[] {
  const isGone = (role: ContainerRole) => {
    const found = containers.filter((container) => container.role === role);
    return found.some(({ action }) => action === "removed") && found.every(({ action }) => action === "removed");
  };
  if (!isGone(ContainerRole.SERVER) && !isGone(ContainerRole.GATEWAY)) return [];
  const what = isGone(ContainerRole.SERVER) ? "MLflow is removed" : "The way to MLflow, the gateway, is removed";
  return [
    {
      text: words(
        `${what}: nobody can use it from then on, and training jobs that log fail.${losesLogins(containers, plan) ? " If it comes back, its users have new passwords." : ""}`,
      ),
      sentence: words(`${what}: nobody can use it from then on.`),
      isOff: true,
    },
  ];
}

function losesLogins(containers: readonly PlannedContainer[], plan: Plan): boolean {
  const gateways = containers.filter(({ role }) => role === ContainerRole.GATEWAY);
  const prefixes = gateways.map(({ address }) => `${address.replace("docker_container.", "random_password.")}_`);
  return (plan.resource_changes ?? []).some(
    (change) => actionOf(change) === "delete" && prefixes.some((prefix) => change.address.startsWith(prefix)),
  );
}

function moves(data: readonly DataFinding[]): PeopleFinding[] {
  const refused = data.filter(({ unless }) => unless);
  if (refused.length === 0) return [];
  const what = refused.flatMap(({ content }) => (content === undefined ? [] : [CONTENTS[content]])).join("; ");
  return [
    {
      text: text`This change does not move the data (${words(what)}): a backup and a second stack do, see ${"docs/move.md"}. To go on without the data: ${"mlflow-stack accept-stores"}; MLflow then starts with what is in the new place, and shows nothing if that is empty.`,
    },
  ];
}

function backup({ image }: PlannedContainer, hasDump: boolean): PeopleFinding[] {
  if (!image?.before || !image.after || /same|rebuilt/.test(imageChange(image.before, image.after))) return [];
  const [from, to] = [versionOf(image.before), versionOf(image.after)];
  // An older release does not touch the database.
  if (from !== undefined && to !== undefined && (from === to || isOlder(to, from))) return [];
  if (hasDump)
    return [
      {
        text: text`MLflow goes from ${from ?? image.before} to ${to ?? image.after}, and its database with it. A dump is made before; ${"mlflow-stack rollback"} goes back to it, without what is logged from then on.`,
      },
    ];
  return [
    {
      text: text`Before the apply, make a backup of the database: the step to MLflow ${to ?? image.after} changes it, and only a backup leads back to ${from ?? image.before}.`,
      sentence: words("Make a backup before."),
    },
  ];
}

function address(gateway: PlannedContainer): PeopleFinding[] {
  const [old, now] = variableOf(gateway, "URL_ORIGIN");
  if (!old || !now || old === now) return [];
  return [
    {
      text: text`Everybody uses the new address ${now}: in the browser, in the variable ${ADDRESS} of programs, and in the settings of a login service. ${old} no longer answers.`,
      need: text`the new address ${now}`,
    },
  ];
}

function logins(
  gateway: PlannedContainer,
  containers: readonly PlannedContainer[],
  configuration: Configuration,
): PeopleFinding[] {
  const [old, now] = variableOf(gateway, "AUTH_METHOD");
  if (!old || !now || old === now) return [];
  const changed: PeopleFinding = {
    text: text`Everybody logs in in another way: ${way(now)} instead of ${way(old)}.`,
    need: text`another login (${way(now)})`,
  };
  if (now !== "oauth2") return [changed];
  const { added, kept, renewed } = passwordChanges(gateway);
  const users = [...added, ...kept, ...renewed].sort();
  const settings: GatewaySettings = settingsOf(gateway.after);
  const hasMachine = [settings.READ_MACHINES, settings.WRITE_MACHINES, settings.ADMIN_MACHINES].some(Boolean);
  const passwords =
    users.length > 0 ? text`or with the password of ${names(users)}` : words("and with no password any more");
  const isUnnamed = !hasMachine && users.length === 0;
  const login = containers.find(({ role, after }) => role === ContainerRole.OAUTH2_PROXY && after);
  const { everybody, adminsOnly } = rightsOf(login ? allowedGroups(login, configuration) : [], gateway);
  const needs = tokenNeeds(login, configuration);
  const unnamed = ` The app names no service account: until it does, a program gets in only with a token that has ${needs}, as that of a person has.`;
  return [
    changed,
    { text: words(`${everybody}.`) },
    ...(adminsOnly ? [told(text`${capital(adminsOnly)}.`)] : []),
    {
      text: text`Programs log in with a token of the login service, in the variable ${TOKEN}, ${passwords}.${words(isUnnamed ? unnamed : "")}`,
      ...(isUnnamed && {
        sentence: words(`Programs get in only with a token that has ${needs}: no service account is named.`),
      }),
    },
  ];
}

function way(method: string): Text {
  return method === "oauth2"
    ? words("by single sign-on")
    : method === "basic"
      ? words("with a password")
      : text`by ${method}`;
}

function certificate(gateway: PlannedContainer): PeopleFinding[] {
  const [old, now] = variableOf(gateway, "TLS");
  if (now !== PRIVATE || old === PRIVATE) return [];
  return [
    {
      text: text`Every browser and program has to trust the certificate of the stack's own authority: until then it refuses the connection. After the apply, the output ${"root_certificate"} holds it, and the output ${"client_environment"} sets it up for programs.`,
      ...(gateway.before && { need: words("the stack's own certificate") }),
    },
  ];
}

function passwords(gateway: PlannedContainer, plan: Plan): PeopleFinding[] {
  const { renewed, added, gone } = passwordChanges(gateway);
  const reasons = new Map<string, { readonly reason: Text; readonly users: string[] }>();
  for (const user of renewed) {
    const reason = reasonOf(user, gateway, plan) ?? (added.length > 0 ? words(UNASKED) : []);
    const key = JSON.stringify(reason);
    const known = reasons.get(key);
    if (known) known.users.push(user);
    else reasons.set(key, { reason, users: [user] });
  }
  return [
    ...[...reasons.values()].map(({ reason, users }) => ({
      text: text`${names(users)} must use a new password; the old one is refused. ${reason}${commandFor(users)}`,
      sentence: text`${names(users, MAX_NAMED)} must use a new password.`,
    })),
    ...(added.length > 0
      ? [{ text: text`${names(added)} can log in from then on, with a password of their own. ${commandFor(added)}` }]
      : []),
    ...(gone.length > 0
      ? [
          {
            text: text`${names(gone)} can no longer log in with a password.`,
            // Where everybody logs in in another way, that is no more to know.
            ...(hasAnotherLogin(gateway) ? {} : { sentence: text`${names(gone, MAX_NAMED)} can no longer log in.` }),
          },
        ]
      : []),
  ];
}

// Somebody may paste it: a name of a plan must not bring a command of its own.
function commandFor(users: readonly string[]): Text {
  const [user = ""] = users;
  const name = users.length === 1 && /^[\w.@-]+$/.test(user) && !user.startsWith("-") ? user : "NAME";
  return text`Whoever administers the host gets ${words(users.length === 1 ? "it" : "each")} by ${`mlflow-stack status --show-password --user ${name}`}.`;
}

/** Why a user gets another password, as far as the generated ones tell. */
function reasonOf(user: string, { address }: PlannedContainer, plan: Plan): Text | undefined {
  const gateway = address.replace("docker_container.", "random_password.");
  // The code calls a resource by letters, digits, dashes and underscores only.
  const own = generated(plan, `${gateway}_users_${user.replaceAll(/[^\w-]/g, "")}_`);
  const first = generated(plan, `${gateway}_password_`);
  if (own === "create" && first === "delete")
    return words(
      "Why: the app now has a list of users, each with a password of their own. To keep the old one, the list has to give this user “generation”: 0. ",
    );
  if (own === "replace" || first === "replace") return words("Why: this change makes a new one. ");
  if (own === "delete" || first === "delete")
    return words(
      "Why: Terraform generated the old password; the new one is in a Terraform variable that the app names. ",
    );
  return own === "create"
    ? words("Why: the old password was in a Terraform variable; Terraform generates the new one. ")
    : undefined;
}

function generated(plan: Plan, prefix: string): Action | undefined {
  const found = (plan.resource_changes ?? []).find(({ address }) =>
    /^[0-9A-F]{8}$/.test(address.startsWith(prefix) ? address.slice(prefix.length) : ""),
  );
  return found && actionOf(found);
}

// With another secret, oauth2-proxy reads none of the cookies that browsers have.
function losesSessions({ before, after }: PlannedContainer): boolean {
  const [old, now] = [before, after].map((side) => side && filesOf(side).get(COOKIE_SECRET)?.content);
  return before !== undefined && filesOf(before).has(COOKIE_SECRET) && old !== now;
}
