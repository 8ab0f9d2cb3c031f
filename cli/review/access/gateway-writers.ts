import { USERS_FILE } from "../../../lib/contract/gateway-settings";
import type { GatewaySettings } from "../../../lib/contract/gateway-settings";
import { filesOf, settingsOf } from "../plan/container";
import type { PlannedContainer } from "../plan/container-change";
import { quotedWords } from "./gateway-trust";
import { join, names, text, words } from "../model/text";
import type { Text } from "../model/text";

/**
 * That only admins may log runs after the apply, because no list and no user with a password has the role write.
 *
 * @returns undefined if somebody has that role, or the plan does not show it.
 */
export function onlyAdminsWrite(gateway: PlannedContainer | undefined): Text | undefined {
  if (!gateway?.after) return undefined;
  const settings: GatewaySettings = settingsOf(gateway.after);
  if ([settings.WRITE_GROUPS, settings.WRITE_EMAILS, settings.WRITE_MACHINES].some(Boolean)) return undefined;
  const users = filesOf(gateway.after).get(USERS_FILE)?.content;
  const roles = [...(users ?? "").matchAll(/"role":\s*"(\w+)"/g)].map(([, role]) => role);
  if (users === undefined || roles.includes("write")) return undefined;
  const admins = [
    ...listed("group", settings.ADMIN_GROUPS),
    ...listed("e-mail address", settings.ADMIN_EMAILS),
    ...listed("service account", settings.ADMIN_MACHINES),
    ...(roles.includes("admin") ? [words("users with a password")] : []),
  ];
  return admins.length === 0
    ? words("nobody may log runs: no list gives the role write or admin, so all training jobs fail")
    : text`only admins (${join(admins, ", ")}) may log runs: no list gives the role write, so the training jobs of everybody else fail`;
}

function listed(kind: string, list: string | undefined): Text[] {
  const members = quotedWords(list);
  return members.length === 0 ? [] : [text`${words(`the ${kind} `)}${names(members)}`];
}
