import { readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { parseJson } from "../console/parse-json";
import { isRunning } from "../console/process-identity";
import type { ProcessIdentity } from "../console/process-identity";

/** The beginning of the name of a run's folder. */
export const RUN_PREFIX = "run-";

const RECORD = "run.json";
const DAY = 24 * 3600 * 1000;
const DAYS_OF_CUT_RUN = 30;

/** An apply that has not ended well: what it may have left on the engine. */
export interface CutApply {
  /** Folder of the stack, absolute. */
  readonly stackFolder: string;

  /** Names of the containers and networks that it was to create. */
  readonly names: string[];

  /** When it began, and when Terraform was last seen at work. In milliseconds. */
  readonly since: number;
  readonly until?: number;
}

/** What a run tells other runs, and the next one. Holds no secrets. */
export interface RunRecord {
  /** Name of the command. */
  readonly command: string;
  readonly host: string;
  readonly process: ProcessIdentity;

  /** When it began, in milliseconds. */
  readonly since: number;

  /** The app's output folder, absolute, if the run waits for its turn there, or has it. */
  readonly folder?: string;

  /** Its place in the queue for the folder; undefined while it chooses one. */
  readonly place?: number;

  /** The Terraform that it has started, which goes on if the run is killed. */
  readonly terraform?: ProcessIdentity;

  readonly apply?: CutApply;

  /** Folder of the stack, absolute, whose data this run deletes. */
  readonly deletion?: string;
}

/** Reads the record in a run's folder; undefined if there is none. */
export function readRun(run: string): RunRecord | undefined {
  try {
    const record = parseJson<RunRecord>(readFileSync(join(run, RECORD), "utf8"));
    return record?.process ? record : undefined;
  } catch {
    return undefined;
  }
}

/** Writes the record at once as a whole, because others read it at any time. */
export function writeRun(run: string, record: RunRecord): void {
  writeFileSync(join(run, `${RECORD}.unfinished`), JSON.stringify(record), { mode: 0o600 });
  renameSync(join(run, `${RECORD}.unfinished`), join(run, RECORD));
}

/** The runs below a folder that have a record. */
export function runsIn(root: string): { run: string; record: RunRecord }[] {
  return foldersIn(root).flatMap((run) => {
    const record = readRun(run);
    return record ? [{ run, record }] : [];
  });
}

/** Whether the command or its Terraform still runs. Processes of another host cannot be seen. */
export function isUnderWay({ host, process, terraform }: RunRecord): boolean {
  return host === hostname() && (isRunning(process) || (terraform !== undefined && isRunning(terraform)));
}

/** Removes what a run that has ended leaves, but keeps the record of an apply or a deletion that was cut off. */
export function clearRun(run: string, record: RunRecord | undefined): void {
  if (!record || !(record.apply ?? record.deletion)) return rmSync(run, { recursive: true, force: true });
  const { apply } = record;
  const until = apply?.until ?? Math.max(...readdirSync(run).map((name) => statSync(join(run, name)).mtimeMs));
  for (const name of readdirSync(run)) if (name !== RECORD) rmSync(join(run, name), { recursive: true, force: true });
  writeRun(run, { ...record, terraform: undefined, apply: apply && { ...apply, until } });
}

/** Clears the runs that were killed. Those of another host, whose home this is, too, are left for a day. */
export function clearKilledRuns(root: string, now = Date.now()): void {
  for (const run of foldersIn(root)) {
    const record = readRun(run);
    const age = now - (record?.since ?? statSync(run, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (record ? isUnderWay(record) : age < DAY / 24) continue;
    if (record && record.host !== hostname() && age < DAY) continue;
    clearRun(run, age < DAYS_OF_CUT_RUN * DAY ? record : undefined);
  }
}

function foldersIn(root: string): string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name.startsWith(RUN_PREFIX))
    .map(({ name }) => join(root, name));
}
