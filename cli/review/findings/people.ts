import { ContainerRole } from "../../../lib/contract/container-roles";
import { HASHES_FOLDER } from "../../../lib/contract/gateway-settings";
import { filesOf, settingsOf } from "../plan/container";
import type { PlannedContainer } from "../plan/container-change";
import { names, text, words } from "../model/text";
import type { Text } from "../model/text";
import { imageChange, versionOf } from "./images";

const COOKIE_SECRET = "/run/secrets/oauth2-cookie-secret";

/** What people must do, and what they will see: a new address, new passwords, a backup before the apply. */
export function peopleMust(containers: readonly PlannedContainer[]): Text[] {
  const changing = containers.filter(({ action, before, after }) => action !== "nothing" && before && after);
  const gateway = changing.find(({ role }) => role === ContainerRole.GATEWAY);
  return [
    ...changing.filter(({ role }) => role === ContainerRole.MIGRATION_JOB).flatMap(backup),
    ...(gateway ? [...address(gateway), ...logins(gateway), ...passwords(gateway)] : []),
    ...(changing.some(losesSessions)
      ? [words("Everybody who is logged in by single sign-on has to log in again.")]
      : []),
  ];
}

function backup({ image }: PlannedContainer): Text[] {
  if (!image?.before || !image.after || /same|rebuilt/.test(imageChange(image.before, image.after))) return [];
  const [from, to] = [versionOf(image.before), versionOf(image.after)];
  if (from !== undefined && from === to) return [];
  return [
    text`Before the apply, make a backup of the database: the step to MLflow ${to ?? image.after} changes it, and only a backup leads back to ${from ?? image.before}.`,
  ];
}

function address({ before, after }: PlannedContainer): Text[] {
  const [old, now] = [before, after].map((side) => settingsOf(side).URL_ORIGIN);
  if (!old || !now || old === now) return [];
  return [
    text`Everybody uses the new address ${now}: in the browser, in the variable ${"MLFLOW_TRACKING_URI"} of programs, and in the settings of a login service. ${old} no longer answers.`,
  ];
}

function logins({ before, after }: PlannedContainer): Text[] {
  const [old, now] = [before, after].map((side) => settingsOf(side).AUTH_METHOD);
  return !old || !now || old === now ? [] : [text`Everybody logs in in another way: by ${now} instead of ${old}.`];
}

function passwords({ before, after }: PlannedContainer): Text[] {
  const [old, now] = [before, after].map((side) => new Map(side ? hashesOf(side) : []));
  const users = [...(now ?? [])].filter(([user, hash]) => old?.get(user) !== hash).map(([user]) => user);
  const [renewed, added] = [users.filter((user) => old?.has(user)), users.filter((user) => !old?.has(user))];
  const gone = [...(old?.keys() ?? [])].filter((user) => !now?.has(user));
  const get = text`An admin of the host gets a password by ${"mlflow-stack status --show-password"} and the user's name.`;
  return [
    ...(renewed.length > 0 ? [text`${names(renewed)} must use a new password; the old one is refused. ${get}`] : []),
    ...(added.length > 0 ? [text`${names(added)} can log in from then on, with a password of their own. ${get}`] : []),
    ...(gone.length > 0 ? [text`${names(gone)} can no longer log in with a password.`] : []),
  ];
}

function hashesOf(container: NonNullable<PlannedContainer["before"]>): [user: string, hash: string][] {
  return [...filesOf(container).values()].flatMap(({ path, content = "" }): [string, string][] =>
    path.startsWith(`${HASHES_FOLDER}/`) ? [[path.slice(HASHES_FOLDER.length + 1), content]] : [],
  );
}

// With another secret, oauth2-proxy reads none of the cookies that browsers have.
function losesSessions({ before, after }: PlannedContainer): boolean {
  const [old, now] = [before, after].map((side) => side && filesOf(side).get(COOKIE_SECRET)?.content);
  return before !== undefined && filesOf(before).has(COOKIE_SECRET) && old !== now;
}
