/** A name or value that comes from a plan: it is shown as it is, and never taken for markup. */
export interface Quoted {
  readonly quoted: string;
}

/** A sentence of our words and of quoted texts from a plan. */
export type Text = readonly (string | Quoted)[];

/** A sentence as a tagged template: whatever is filled in is quoted, unless it is a `Text` or a number. */
export function text(strings: TemplateStringsArray, ...values: (string | number | Text)[]): Text {
  return strings.flatMap((words, index): Text => {
    const value = values[index];
    const before = words === "" ? [] : [words];
    if (value === undefined) return before;
    if (typeof value === "number") return [...before, value.toLocaleString("en-US")];
    return [...before, ...(typeof value === "string" ? [{ quoted: value }] : value)];
  });
}

/** Our words, without a text from a plan. */
export function words(own: string): Text {
  return [own];
}

/** Sentences in a row, with a separator between them. */
export function join(parts: readonly Text[], separator: string): Text {
  return parts.flatMap((part, index) => (index === 0 ? [...part] : [separator, ...part]));
}

/** Quoted names in a row; those after the first `most` are only counted. */
export function names(all: readonly string[], most = 20): Text {
  const shown = join(
    all.slice(0, most).map((name) => text`${name}`),
    ", ",
  );
  return all.length > most ? text`${shown} and ${all.length - most} more` : shown;
}

/** A clause as the beginning of a sentence. */
export function capital([first, ...rest]: Text): Text {
  return typeof first === "string"
    ? [first.charAt(0).toUpperCase() + first.slice(1), ...rest]
    : [...(first ? [first] : []), ...rest];
}

/** `1 service`, `2 services`. */
export function count(amount: number, singular: string, plural = `${singular}s`): string {
  return `${amount.toLocaleString("en-US")} ${amount === 1 ? singular : plural}`;
}

/** A time in words: `1 min 30 s`. */
export function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  const minutes = Math.floor(whole / 60);
  const rest = whole % 60;
  return [...(minutes > 0 ? [`${minutes} min`] : []), ...(rest > 0 || minutes === 0 ? [`${rest} s`] : [])].join(" ");
}

// Control characters move a terminal's cursor, and marks of writing direction make a text look like another one.
const INVISIBLE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A text of unknown origin with invisible characters as escapes; in a block, tabs and line breaks stay. */
export function visible(foreign: string, block = false): string {
  const shown = foreign.replaceAll(INVISIBLE, (sign) =>
    block && sign === "\t" ? sign : `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return block ? shown : shown.replaceAll("\n", "\\n");
}

/** At most `most` characters of a text, with an ellipsis in place of the rest. */
export function shorten(long: string, most: number): string {
  if (long.length <= most) return long;
  const end = Math.floor(most / 3);
  return `${long.slice(0, most - end - 1)}…${long.slice(-end)}`;
}
