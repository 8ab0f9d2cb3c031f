import { Token } from "cdktf";
import type { IConstruct } from "constructs";
import { ValidationError } from "./errors";

const NAMED: { readonly [name: string]: string } = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
};
const NAMES = Object.keys(NAMED);
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
// In a leap year, because a schedule for 29 February fires.
const DAYS_OF_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

interface Field {
  readonly name: string;
  readonly first: number;
  readonly last: number;
  /** Names of its values, the first one for `first`. */
  readonly names: readonly string[];
}

const FIELDS: readonly Field[] = [
  { name: "a minute", first: 0, last: 59, names: [] },
  { name: "an hour", first: 0, last: 23, names: [] },
  { name: "a day of the month", first: 1, last: 31, names: [] },
  { name: "a month", first: 1, last: 12, names: MONTHS },
  { name: "a day of the week", first: 0, last: 7, names: WEEKDAYS },
];

/**
 * Checks a schedule in the common part of all dialects of cron: five fields of numbers, names, ranges, lists and steps, or
 * a name such as `@hourly`.
 *
 * @throws ValidationError when it is something else, or names no day that exists.
 */
export function requireSchedule(prop: string, schedule: string, scope: IConstruct): void {
  if (Token.isUnresolved(schedule) || NAMES.includes(schedule)) return;

  const texts = schedule.split(/[ \t]+/);
  if (texts.length !== FIELDS.length || texts.includes("")) {
    throw new ValidationError(
      "CronExpression",
      `'${prop}' must be five fields of cron, such as '15 3 * * *', or one of ${NAMES.join(", ")}, got: '${schedule}'`,
      scope,
    );
  }
  const values = FIELDS.map((field, index) => {
    const text = texts[index] ?? "";
    const found = valuesOf(text, field);
    if (found) return found;
    throw new ValidationError(
      "CronExpression",
      `'${prop}' must have ${field.name} of ${field.first} to ${field.last}, '*', ranges, lists or steps of these, got: '${text}' in '${schedule}'`,
      scope,
    );
  });
  const [, , days = [], months = []] = values;
  if (!months.some((month) => days.some((day) => day <= (DAYS_OF_MONTH[month - 1] ?? 0)))) {
    throw new ValidationError(
      "CronNever",
      `'${prop}' must name a day that exists, because no month of '${texts[3]}' has a day of '${texts[2]}', got: '${schedule}'`,
      scope,
    );
  }
}

/**
 * A schedule with `*`, or numbers and commas, in each field. Schedulers that read no more understand it.
 *
 * @throws ValidationError when it is malformed, names no day that exists, or is a reference of Terraform's.
 */
export function numericSchedule(prop: string, schedule: string, scope: IConstruct): string {
  if (Token.isUnresolved(schedule)) {
    throw new ValidationError("CronExpression", `'${prop}' must be known before Terraform runs`, scope);
  }
  requireSchedule(prop, schedule, scope);
  const texts = (NAMED[schedule] ?? schedule).split(/[ \t]+/);
  return FIELDS.map((field, index) => {
    const values = valuesOf(texts[index] ?? "", field) ?? [];
    const all = valuesOf("*", field) ?? [];
    return all.every((value) => values.includes(value)) ? "*" : [...new Set(values)].sort((a, b) => a - b).join(",");
  }).join(" ");
}

/** All values of a field, or undefined if it is malformed. */
function valuesOf(text: string, field: Field): number[] | undefined {
  const parts = text.split(",").map((part) => partOf(part, field));
  return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
}

function partOf(text: string, { first, last, names }: Field): number[] | undefined {
  const [, from = "", to, step] = /^(\*|\w+)(?:-(\w+))?(?:\/(\d{1,2}))?$/.exec(text) ?? [];
  const number = (word: string): number => {
    const index = names.indexOf(word.toLowerCase());
    if (index >= 0) return first + index;
    return /^\d{1,2}$/.test(word) ? Number(word) : Number.NaN;
  };
  const [low, high] = from === "*" ? [first, last] : [number(from), number(to ?? from)];
  // Dialects differ on a step of a single value, and on a range that begins with '*'.
  const isRange = from === "*" ? to === undefined : to !== undefined || step === undefined;
  if (!isRange || !(first <= low && low <= high && high <= last)) return undefined;

  const by = step === undefined ? 1 : Number(step);
  if (by < 1) return undefined;
  return Array.from({ length: Math.floor((high - low) / by) + 1 }, (_, index) => low + index * by);
}
