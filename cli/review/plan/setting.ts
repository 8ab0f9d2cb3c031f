import { isObject } from "../../console/parse-json";
import { shellWord } from "../../console/shell-word";
import { isEmptyValue, isSame } from "./attributes";
import type { Attributes } from "./attributes";
import type { LineDiffs } from "./line-diff";
import type { Change } from "../model/model";
import { duration } from "../model/text";

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
      .map((part) => ({
        kind: "setting",
        name: `${name} ${part}`,
        before: show(part, old[part]),
        after: show(part, now[part]),
      }));
  });
}

/** An attribute of a resource before and after; hidden if either side is sensitive. */
function settingChange(name: string, before: Attributes, after: Attributes, diffs: LineDiffs): Change {
  if (before.isSensitive(name) || after.isSensitive(name)) {
    return { kind: "setting", name, before: "(sensitive)", after: "(sensitive)" };
  }
  const old = show(name, before.value(name));
  const now = after.isUnknown(name) ? "(known after the apply)" : show(name, after.value(name));
  if (old?.includes("\n") || now?.includes("\n")) return diffs.of(name, old, now);
  return { kind: "setting", name, before: old, after: now };
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
  return word.includes("\n") ? word : shellWord(word);
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
