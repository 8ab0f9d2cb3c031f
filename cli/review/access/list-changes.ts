import { closes, opens } from "../model/access-change";
import type { AccessChange } from "../model/model";
import type { Text } from "../model/text";

/**
 * The entries that a list has gained open something, those that it has lost close something.
 *
 * @param open what an entry that was gained does.
 */
export function listChanges(
  before: readonly string[],
  after: readonly string[],
  describe: (entry: string) => Text,
  open: (sentence: Text) => AccessChange = opens,
): AccessChange[] {
  return [
    ...after.filter((entry) => !before.includes(entry)).map((entry) => open(describe(entry))),
    ...before.filter((entry) => !after.includes(entry)).map((entry) => closes(describe(entry))),
  ];
}
