import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { CommandError, ExitCode } from "../console/command-error";
import type { StateVersion } from "./json/state";

/** The inputs of a saved plan: a file beside the plan, without secrets. */
export interface PlanRecord {
  /** Id of the stack. */
  readonly stack: string;

  /** The state that the plan starts from. */
  readonly state: StateVersion;

  /** Fingerprint of the synthesized stack. */
  readonly configuration: string;

  /** Fingerprint of the plan itself. */
  readonly plan: string;
}

/**
 * Copies a plan to where the user wants it, with its record.
 *
 * @param made file in which Terraform has put it.
 */
export async function recordPlan(
  made: string,
  file: string,
  stack: string,
  state: StateVersion,
  configuration: string,
): Promise<void> {
  const record: PlanRecord = { stack, state, configuration, plan: await fingerprintOf(made) };
  await writeFile(recordOf(file), JSON.stringify(record, null, 2), { mode: 0o600 });
  // Last, so that a plan without its record is nowhere.
  await copyFile(made, file);
}

/**
 * Reads the record of a plan.
 *
 * @throws CommandError when there is none, or the plan has changed since.
 */
export async function readRecord(file: string): Promise<PlanRecord> {
  const text = await readFile(recordOf(file), "utf8").catch(() => undefined);
  const record = text === undefined ? undefined : parse(text);
  if (!record) throw new CommandError(`${file} is not a plan that 'mlflow-stack plan' has saved`);

  const fingerprint = await fingerprintOf(file).catch(() => undefined);
  if (fingerprint !== record.plan) throw stale(`${file} has changed since it was saved`);
  return record;
}

/**
 * Refuses a plan that is stale: the app or the state has changed since it was made.
 *
 * @param configuration fingerprint of the stack that the app synthesizes now.
 * @param state the state as it is now.
 * @throws CommandError with exit status 3.
 */
export function requireFresh(record: PlanRecord, configuration: string, state: StateVersion): void {
  if (record.configuration !== configuration)
    throw stale("the stack that the app synthesizes has changed since the plan was made");
  if (record.state.lineage !== state.lineage) throw stale("the plan was made with another state");
  if (record.state.serial !== state.serial)
    throw stale("the state has changed since the plan was made: something else was applied");
}

/** The error for a stale plan. */
export function stale(reason: string): CommandError {
  return new CommandError(`${reason}; nothing was changed`, "Make a new plan, and review it.", ExitCode.stalePlan);
}

/** Removes a plan and its record. */
export async function removePlan(file: string): Promise<void> {
  await rm(file, { force: true });
  await rm(recordOf(file), { force: true });
}

/** Fingerprint of a synthesized stack: its Terraform JSON and the files that go with it. */
export function configurationOf(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => path === "cdk.tf.json" || path.startsWith("assets"))
    .sort();
  const hash = createHash("sha256");
  for (const path of files) {
    const content = readFileSync(join(folder, path));
    // The length keeps two files from having the fingerprint of one.
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

function recordOf(file: string): string {
  return `${file}.json`;
}

async function fingerprintOf(file: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(file))
    .digest("hex");
}

function parse(text: string): PlanRecord | undefined {
  try {
    const record = JSON.parse(text) as Partial<PlanRecord>;
    return record.stack && record.state && record.configuration && record.plan ? (record as PlanRecord) : undefined;
  } catch {
    return undefined;
  }
}
