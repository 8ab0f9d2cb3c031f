import type { AccessChange, DataContent, DataRisk, Review } from "./model";
import { text } from "./text";
import type { Text } from "./text";

/** How much a reader has to know of what opens: who gets in comes before what MLflow can do. */
export const WEIGHTS = { login: 90, port: 80, role: 70, egress: 60, feature: 40, local: 30, other: 0 };

/** Data of all kinds. */
export const ALL_DATA: readonly DataContent[] = ["records", "files"];

type More = Pick<AccessChange, "short" | "weight" | "over" | "warning">;

/** Something becomes reachable or allowed. */
export function opens(sentence: Text, more: More = {}): AccessChange {
  return { effect: "opens", text: sentence, ...more };
}

/** Something becomes reachable or allowed that is dangerous, so that a person has to agree to it on its own. */
export function endangers(sentence: Text, more: More = {}): AccessChange {
  return { effect: "opens", danger: true, text: sentence, ...more };
}

/** Something is no longer reachable or allowed. */
export function closes(sentence: Text): AccessChange {
  return { effect: "closes", text: sentence };
}

/** Access changes, and a person has to judge which way. */
export function changes(sentence: Text): AccessChange {
  return { effect: "changes", text: sentence };
}

/** Data that a container can read, change and delete from then on. */
export function dataOf(container: string, contents: readonly DataContent[] = ALL_DATA): DataRisk {
  return { contents, who: container, clause: text`${container} can change and delete it from then on` };
}

/** Whether a person has to agree to an access on its own. */
export function isDangerous({ access }: Pick<Review, "access">): boolean {
  return access.some(({ danger }) => danger === true);
}
