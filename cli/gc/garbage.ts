import type { Collected } from "../../lib/contract/garbage";
import { countText, sizeText } from "../console/amounts";
import { CommandError } from "../console/command-error";
import { table } from "../console/table";

const UNITS: { readonly [unit: string]: number } = { s: 1, m: 60, h: 3600, d: 86_400 };
// The most lines of a kind. `--json` has all.
const MAX_LINES = 20;

/** Objects of the bucket. */
export interface Files {
  readonly objects: number;
  readonly bytes: number;
}

/** A run, a model or an experiment that would be deleted. */
export interface Doomed extends Files {
  readonly id: string;
  readonly name: string | null;
}

/** What would be deleted, and what stays. */
export interface Garbage extends Files {
  /** Time in milliseconds: what was deleted later stays. */
  readonly cutoff: number;

  readonly runs: readonly Doomed[];
  readonly models: readonly Doomed[];
  readonly experiments: readonly (Doomed & { readonly traces: number })[];

  /** Number of traces, which go with their experiments. */
  readonly traces: number;

  /** Files that belong to nothing in the database. */
  readonly ownerless: readonly (Files & { readonly prefix: string })[];

  /** Time in milliseconds of the last change of all this; 0 if there is nothing. */
  readonly lastChange: number;

  /** What users deleted and what stays, with the reason. */
  readonly kept: readonly { readonly kind: string; readonly id: string; readonly why: string }[];

  /** Files without an owner that stay, with the reason. */
  readonly keptFiles: readonly (Files & { readonly prefix: string; readonly why: string })[];

  /** Number of further folders of such files. */
  readonly keptFilesNotTold: number;
}

/**
 * Reads an age such as `30d`, in milliseconds.
 *
 * @throws CommandError when it is none.
 */
export function parseAge(text: string): number {
  const [, amount, unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const seconds = UNITS[unit];
  if (amount === undefined || seconds === undefined) {
    throw new CommandError(
      `'${text}' is no length of time`,
      "Write a whole number and s, m, h or d, such as 30d or 12h.",
    );
  }
  return Number(amount) * seconds * 1000;
}

/** Whether there is nothing to delete. */
export function isClean({ runs, models, experiments, ownerless }: Garbage): boolean {
  return [runs, models, experiments, ownerless].every(({ length }) => length === 0);
}

/** What would be deleted, and what stays and why, for people. */
export function describeGarbage(garbage: Garbage): string {
  const { runs, models, experiments, ownerless, traces } = garbage;
  const rows = [
    ["experiments", experiments.length, namesOf(experiments)],
    ["runs", runs.length, namesOf(runs)],
    ["logged models", models.length, namesOf(models)],
    ["traces of these experiments", traces, ""],
    [
      "folders that nobody owns",
      ownerless.length,
      namesOf(ownerless.map(({ prefix }) => ({ id: prefix, name: null }))),
    ],
  ] as const;
  return [
    ...(isClean(garbage)
      ? ["There is nothing to delete."]
      : [
          table(
            ["to delete", "number", "such as"],
            rows.filter(([, count]) => count > 0).map(([what, count, names]) => [what, String(count), names]),
          ),
          `Their files: ${filesText(garbage)}.`,
        ]),
    ...keptLines(garbage),
  ].join("\n");
}

/** The numbers of what was deleted, in one sentence. */
export function describeCollected(done: Collected): string {
  const parts = [
    countText(done.experiments, "experiment"),
    countText(done.runs, "run"),
    countText(done.models, "model"),
    countText(done.traces, "trace"),
    filesText(done),
  ];
  const changed =
    done.changed > 0
      ? ` Somebody has changed or uses ${countText(done.changed, "thing")} of the list by now, which stayed.`
      : "";
  return `Deleted for good: ${parts.join(", ")}.${changed}`;
}

function keptLines({ kept, keptFiles, keptFilesNotTold }: Garbage): string[] {
  const things = grouped(kept, ({ kind, why }) => `${kind}: ${why}`).map(([what, some]) => [
    what,
    String(some.length),
    shortened(some.map(({ id }) => id)),
  ]);
  const folders = grouped(keptFiles, ({ why }) => why).map(([why, some]) => [
    why,
    filesText({ objects: sum(some, "objects"), bytes: sum(some, "bytes") }),
    shortened(some.map(({ prefix }) => prefix || "/")),
  ]);
  const rows = [...things, ...folders].slice(0, MAX_LINES);
  if (rows.length === 0) return [];
  const more = keptFilesNotTold > 0 ? [`${keptFilesNotTold} more folders are not told here.`] : [];
  return [table(["stays", "number", "such as"], rows), ...more];
}

function grouped<T>(items: readonly T[], key: (item: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = key(item);
    const group = groups.get(name);
    if (group) group.push(item);
    else groups.set(name, [item]);
  }
  return [...groups];
}

function sum(files: readonly Files[], what: keyof Files): number {
  return files.reduce((before, file) => before + file[what], 0);
}

function filesText({ objects, bytes }: Files): string {
  return `${countText(objects, "file")} of ${sizeText(bytes)}`;
}

function namesOf(things: readonly { readonly id: string; readonly name: string | null }[]): string {
  return shortened(things.map(({ id, name }) => name ?? id));
}

function shortened(names: string[]): string {
  const shown = names.slice(0, 2).map((name) => (name.length > 40 ? `${name.slice(0, 39)}…` : name));
  return [...shown, ...(names.length > 2 ? ["…"] : [])].join(", ");
}
