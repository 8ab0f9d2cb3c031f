import type { EgressSettings } from "../../../lib/contract/gateway-settings";
import type { Attributes } from "../plan/attributes";
import { settingsOf } from "../plan/container";
import type { PlannedContainer } from "../plan/container-change";
import { WEIGHTS, endangers, opens } from "../model/access-change";
import { listChanges } from "./list-changes";
import type { AccessChange } from "../model/model";
import { text } from "../model/text";
import type { Text } from "../model/text";

const outside = (sentence: Text) => opens(sentence, { weight: WEIGHTS.egress });
const host = (name: string): Text => text`connections from the stack to ${name}`;
const store = (name: string): Text => text`connections from the stack to the store ${name}`;

function privateHost(entry: string): Text {
  const [name = "", range = ""] = entry.split("=");
  return text`connections from the stack to private addresses in ${range}, under the name ${name}`;
}

/** The outside hosts that the egress proxy connects to after the apply and not before, and the reverse. */
export function egressChanges({ before, after }: PlannedContainer): AccessChange[] {
  const lists = (name: keyof EgressSettings) => [entriesOf(before, name), entriesOf(after, name)] as const;
  return [
    ...listChanges(...lists("EGRESS_HOSTS"), host, outside),
    ...listChanges(...lists("EGRESS_PRIVATE_HOSTS"), privateHost, endangers),
    ...listChanges(...lists("EGRESS_TLS_STORES"), store, outside),
    ...listChanges(...lists("EGRESS_TCP_STORES"), store, outside),
  ];
}

/** The outside hosts that an egress proxy connects to: those of features, and external stores. */
export function egressHosts(container: Attributes): string[] {
  const lists = (["EGRESS_HOSTS", "EGRESS_TLS_STORES", "EGRESS_TCP_STORES"] as const).map((name) =>
    entriesOf(container, name),
  );
  return [...new Set(lists.flat())].sort();
}

function entriesOf(container: Attributes | undefined, name: keyof EgressSettings): string[] {
  return (settingsOf(container)[name] ?? "").split(" ").filter((entry) => entry !== "");
}
