import { isObject } from "../../console/parse-json";
import { shellWord } from "../../console/shell-word";
import { isEmptyValue, isSame } from "./attributes";
import type { Attributes } from "./attributes";
import type { LineDiffs } from "./line-diff";
import type { Change } from "../model/model";
import { duration } from "../model/text";

// A command line of which less is alike is short enough as a whole.
const MIN_ALIKE = 3;
const MEBIBYTES = /^(memory|memory_swap|memory_reservation|shm_size)$/;
const SECONDS = /^(wait_timeout|stop_timeout|destroy_grace_seconds)$/;

/** Attributes of a resource before and after. A single block is compared by its parts. */
export function settingChanges(
  names: readonly string[],
  before: Attributes,
  after: Attributes,
  diffs: LineDiffs,
): Change[] {
  return names.flatMap((name): Change[] => {
    // Both are one setting, because the containers have no swap.
    if (name === "memory_swap" && names.includes("memory")) return [];
    const [[old, ...more], [now, ...others]] = [before.blocks(name), after.blocks(name)];
    const isHidden = before.isSensitive(name) || after.isSensitive(name) || after.isUnknown(name);
    if (isHidden || !old || !now || more.length > 0 || others.length > 0)
      return [settingChange(name, before, after, diffs)];
    return Object.keys({ ...old, ...now })
      .filter((part) => !isSame(old[part], now[part]))
      .map((part) => {
        const [left, right] = differing(old[part], now[part]);
        return { kind: "setting", name: `${name} ${part}`, before: show(part, left), after: show(part, right) };
      });
  });
}

/** An attribute of a resource before and after; hidden if either side is sensitive. */
function settingChange(name: string, before: Attributes, after: Attributes, diffs: LineDiffs): Change {
  if (before.isSensitive(name) || after.isSensitive(name)) {
    return { kind: "setting", name, before: "(sensitive)", after: "(sensitive)" };
  }
  const [left, right] = after.isUnknown(name) ? [before.value(name)] : differing(before.value(name), after.value(name));
  const old = show(name, left);
  const now = after.isUnknown(name) ? "(known after the apply)" : show(name, right);
  if (old?.includes("\n") || now?.includes("\n")) return diffs.of(name, old, now);
  return { kind: "setting", name, before: old, after: now };
}

/** Of two command lines that begin and end alike, what is between, with an ellipsis for the rest. Others as they are. */
function differing(before: unknown, after: unknown): [unknown, unknown] {
  if (!isWords(before) || !isWords(after)) return [before, after];
  let start = 0;
  while (start < Math.min(before.length, after.length) && before[start] === after[start]) start += 1;
  let end = 0;
  const rest = Math.min(before.length, after.length) - start;
  while (end < rest && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  // The name of an option, such as -c, belongs to its value.
  if (start > 0 && /^-\w$/.test(before[start - 1] ?? "") && before.length > start + end) start -= 1;
  if (start + end < MIN_ALIKE) return [before, after];
  const between = (words: string[]) => [
    ...(start > 0 ? ["…"] : []),
    ...words.slice(start, words.length - end),
    ...(end > 0 ? ["…"] : []),
  ];
  return [between(before), between(after)];
}

function isWords(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((word) => typeof word === "string" && !word.includes("\n"));
}

function show(name: string, value: unknown): string | undefined {
  if (isEmptyValue(value)) return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
  if (typeof value === "number" && MEBIBYTES.test(name)) return `${value.toLocaleString("en-US")} MiB`;
  if (typeof value === "number" && SECONDS.test(name)) return duration(value);
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value.map(argument).join(" ");
  return JSON.stringify(withoutEmpty(value)) ?? "";
}

// A script of several lines is compared line by line, as it is.
function argument(word: string): string {
  return word.includes("\n") || word === "…" ? word : shellWord(word);
}

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => !isEmptyValue(member))
      .map(([name, member]) => [name, withoutEmpty(member)]),
  );
}
