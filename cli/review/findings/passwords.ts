import { HASHES_FOLDER } from "../../../lib/contract/gateway-settings";
import type { Attributes } from "../plan/attributes";
import { filesOf, variableOf } from "../plan/container";
import type { PlannedContainer } from "../plan/container-change";

/** The users of a gateway whose passwords change, in the order of its files. */
export interface PasswordChanges {
  readonly renewed: readonly string[];
  readonly added: readonly string[];
  readonly gone: readonly string[];
  readonly kept: readonly string[];
}

/** What becomes of the passwords of a gateway's users. */
export function passwordChanges({ before, after }: PlannedContainer): PasswordChanges {
  const [old, now] = [hashesOf(before), hashesOf(after)];
  const isKept = ([user, hash]: [string, string | undefined]) => hash !== undefined && old.get(user) === hash;
  const namesOf = (entries: [string, string | undefined][]) => entries.map(([user]) => user);
  return {
    renewed: namesOf([...now].filter((entry) => old.has(entry[0]) && !isKept(entry))),
    added: namesOf([...now].filter(([user]) => !old.has(user))),
    gone: namesOf([...old].filter(([user]) => !now.has(user))),
    kept: namesOf([...now].filter(isKept)),
  };
}

/** Whether everybody logs in in another way than before. */
export function hasAnotherLogin(gateway: PlannedContainer): boolean {
  const [old, now] = variableOf(gateway, "AUTH_METHOD");
  return gateway.before !== undefined && gateway.after !== undefined && old !== now;
}

// A hash that is known only after the apply is another one.
function hashesOf(container: Attributes | undefined): Map<string, string | undefined> {
  const files = container ? [...filesOf(container).values()] : [];
  return new Map(
    files.flatMap(({ path, content }): [string, string | undefined][] =>
      path.startsWith(`${HASHES_FOLDER}/`) ? [[path.slice(HASHES_FOLDER.length + 1), content]] : [],
    ),
  );
}
