import type { AccessChange } from "./model";
import type { Text } from "./text";

/** Something becomes reachable or allowed. */
export function opens(sentence: Text): AccessChange {
  return { effect: "opens", text: sentence };
}

/** Something becomes reachable or allowed that is dangerous, so that a person has to agree to it on its own. */
export function endangers(sentence: Text): AccessChange {
  return { effect: "opens", danger: true, text: sentence };
}

/** Something is no longer reachable or allowed. */
export function closes(sentence: Text): AccessChange {
  return { effect: "closes", text: sentence };
}

/** Access changes, and a person has to judge which way. */
export function changes(sentence: Text): AccessChange {
  return { effect: "changes", text: sentence };
}
