import type { Opening } from "../model/model";
import type { Text } from "../model/text";

/** What is opened by the entries that a list has got, and closed by those that it has lost. */
export function listOpenings(
  before: readonly string[],
  after: readonly string[],
  describe: (entry: string) => Text,
): Opening[] {
  return [
    ...after
      .filter((entry) => !before.includes(entry))
      .map((entry): Opening => ({ effect: "opens", text: describe(entry) })),
    ...before
      .filter((entry) => !after.includes(entry))
      .map((entry): Opening => ({ effect: "closes", text: describe(entry) })),
  ];
}
