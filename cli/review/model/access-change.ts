import type { AccessChange } from "./model";
import type { Text } from "./text";

export function opens(sentence: Text): AccessChange {
  return { effect: "opens", text: sentence };
}

export function closes(sentence: Text): AccessChange {
  return { effect: "closes", text: sentence };
}

export function changes(sentence: Text): AccessChange {
  return { effect: "changes", text: sentence };
}
