import type { Opening } from "./model";
import type { Text } from "./text";

export function opens(sentence: Text): Opening {
  return { effect: "opens", text: sentence };
}

export function closes(sentence: Text): Opening {
  return { effect: "closes", text: sentence };
}

export function changes(sentence: Text): Opening {
  return { effect: "changes", text: sentence };
}
