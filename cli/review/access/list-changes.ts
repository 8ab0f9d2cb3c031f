import { closes, opens } from "../model/access-change";
import type { AccessChange } from "../model/model";
import type { Text } from "../model/text";

/** The entries that a list has gained open something, those that it has lost close something. */
export function listChanges(
  before: readonly string[],
  after: readonly string[],
  describe: (entry: string) => Text,
): AccessChange[] {
  return [
    ...after.filter((entry) => !before.includes(entry)).map((entry) => opens(describe(entry))),
    ...before.filter((entry) => !after.includes(entry)).map((entry) => closes(describe(entry))),
  ];
}
