import type { EgressSettings } from "../../../lib/contract/gateway-settings";
import type { Attributes } from "../plan/attributes";
import { settingsOf } from "../plan/container";
import type { PlannedContainer } from "../plan/container-change";
import { listChanges } from "./list-changes";
import type { AccessChange } from "../model/model";
import { text } from "../model/text";
import type { Text } from "../model/text";

const LISTS: { readonly [name in keyof EgressSettings]: (entry: string) => Text } = {
  EGRESS_HOSTS: (host) => text`connections from the stack to ${host}`,
  EGRESS_PRIVATE_HOSTS: (entry) => {
    const [host = "", range = ""] = entry.split("=");
    return text`private addresses in ${range} for ${host}`;
  },
};

/** The outside hosts that the egress proxy connects to after the apply and not before, and the reverse. */
export function egressChanges({ before, after }: PlannedContainer): AccessChange[] {
  return Object.entries(LISTS).flatMap(([name, describe]) =>
    listChanges(entriesOf(before, name), entriesOf(after, name), describe),
  );
}

function entriesOf(container: Attributes | undefined, name: string): string[] {
  return (settingsOf(container)[name] ?? "").split(" ").filter((entry) => entry !== "");
}
