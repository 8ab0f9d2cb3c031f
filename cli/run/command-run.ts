import { mkdirSync, mkdtempSync } from "node:fs";
import { hostname } from "node:os";
import { basename, join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { CommandError } from "../console/command-error";
import { isRunning, processOf } from "../console/process-identity";
import type { ProcessIdentity } from "../console/process-identity";
import { RUN_PREFIX, clearKilledRuns, clearRun, isUnderWay, runsIn, writeRun } from "./run-record";
import type { CutApply, RunRecord } from "./run-record";
import { requirePrivate, stateHome } from "./state-home";

const INTERVAL = 200;

/**
 * A run of the command: a private folder for its secrets, with a record for other runs.
 *
 * The folders of all runs are side by side. So a run sees who works on the same stack, and finds what a killed one left.
 */
export class Run {
  static #current: Run | undefined;

  /** The run of this process. */
  public static get current(): Run {
    return (Run.#current ??= new Run("mlflow-stack"));
  }

  /** Begins the run of this process, which ends with it. */
  public static begin(command: string): Run {
    return (Run.#current = new Run(command));
  }

  /** Whether it uses the stack that another run has synthesized, and works on. */
  public isGuest = false;

  readonly #root = stateHome(process.env, "runs");
  readonly #folder: string;
  #record: RunRecord;
  #files = 0;

  private constructor(command: string) {
    const identity = processOf(process.pid);
    if (!identity) throw new CommandError("this system does not show its processes: neither /proc nor 'ps' does");
    requirePrivate(this.#root);
    clearKilledRuns(this.#root);
    this.#record = { command, host: hostname(), process: identity, since: Date.now() };
    this.#folder = mkdtempSync(join(this.#root, RUN_PREFIX));
    this.#write({});
    // Terraform still runs only if this process broke off: then the next run clears up after it.
    process.on("exit", () => {
      const { terraform } = this.#record;
      if (!terraform || !isRunning(terraform)) clearRun(this.#folder, this.#record);
    });
  }

  /** Path for a file that may hold secrets. It is removed with the run at the latest. */
  public file(name: string): string {
    this.#files += 1;
    return join(this.#folder, `${this.#files}-${name}`);
  }

  /** A folder for files that may hold secrets. It is removed with the run at the latest. */
  public folder(name: string): string {
    const folder = this.file(name);
    mkdirSync(folder, { mode: 0o700 });
    return folder;
  }

  /**
   * Waits until no other run works on the app's output folder. Others wait for this run from then on.
   *
   * @param say gets a line about the run that it waits for.
   */
  public async takeTurn(output: string, say: (line: string) => void): Promise<void> {
    // Lamport's bakery: no lock file stays behind, whenever a process is killed.
    const folder = resolve(output);
    this.#write({ folder });
    const place = 1 + Math.max(0, ...this.#others(folder).map(({ record }) => record.place ?? 0));
    this.#write({ place });
    for (let said = ""; ; await pause(INTERVAL)) {
      const holder = this.#others(folder).find((other) => this.#isBehind(other))?.record;
      if (!holder) break;
      // A run that chooses its place is done with that in a moment.
      if (holder.place !== undefined && said !== describe(holder)) say((said = describe(holder)));
    }
    // What was killed meanwhile.
    clearKilledRuns(this.#root);
  }

  /** Lets others work on the app's output folder, while this run goes on without it. */
  public endTurn(): void {
    this.#write({ folder: undefined, place: undefined });
  }

  /** Whether another run works on the app's output folder. */
  public isInUse(output: string): boolean {
    return this.#others(resolve(output)).length > 0;
  }

  /** Notes the Terraform that this run has started; undefined once it has ended. */
  public noteTerraform(terraform: ProcessIdentity | undefined): void {
    this.#write({ terraform });
  }

  /** Notes what an apply is about to create. The record outlives the run until an apply of the stack has ended well. */
  public beginApply(stackFolder: string, names: string[]): void {
    this.#write({ apply: { stackFolder: resolve(stackFolder), names, since: Date.now() } });
  }

  /** Forgets the applies of a stack that were cut off: this one has ended well. */
  public endApply(stackFolder: string): void {
    this.#write({ apply: undefined });
    for (const { run, record } of this.#cutApplies(stackFolder)) clearRun(run, { ...record, apply: undefined });
  }

  /** The applies of a stack that were cut off. */
  public cutApplies(stackFolder: string): CutApply[] {
    return this.#cutApplies(stackFolder).flatMap(({ record }) => record.apply ?? []);
  }

  /** Notes that the data of a stack is being deleted. The record outlives the run until `endDeletion()`. */
  public beginDeletion(stackFolder: string): void {
    this.#write({ deletion: resolve(stackFolder) });
  }

  /** Forgets the deletions of a stack's data: there is nothing left to delete, or all of it is there. */
  public endDeletion(stackFolder: string): void {
    this.#write({ deletion: undefined });
    for (const { run, record } of this.#cutDeletions(stackFolder)) clearRun(run, { ...record, deletion: undefined });
  }

  /** Whether a deletion of a stack's data was cut off. */
  public isDeletionCut(stackFolder: string): boolean {
    return this.#cutDeletions(stackFolder).length > 0;
  }

  #cutDeletions(stackFolder: string): { run: string; record: RunRecord }[] {
    return runsIn(this.#root).filter(({ record }) => record.deletion === resolve(stackFolder) && !isUnderWay(record));
  }

  #cutApplies(stackFolder: string): { run: string; record: RunRecord }[] {
    return runsIn(this.#root).filter(
      ({ record }) => record.apply?.stackFolder === resolve(stackFolder) && !isUnderWay(record),
    );
  }

  #others(folder: string): { run: string; record: RunRecord }[] {
    return runsIn(this.#root).filter(
      ({ run, record }) => run !== this.#folder && record.folder === folder && isUnderWay(record),
    );
  }

  #isBehind({ run, record }: { run: string; record: RunRecord }): boolean {
    const [mine = 0, its] = [this.#record.place, record.place];
    return its === undefined || its < mine || (its === mine && basename(run) < basename(this.#folder));
  }

  #write(changes: Partial<RunRecord>): void {
    this.#record = { ...this.#record, ...changes };
    writeRun(this.#folder, this.#record);
  }
}

function describe({ command, process, terraform, since }: RunRecord): string {
  const began = new Date(since).toLocaleString("sv-SE");
  if (terraform && !isRunning(process))
    return `Waiting for Terraform (process ${terraform.pid}): it finishes '${command}' of ${began}, which was killed…`;
  return `Waiting for '${command}' (process ${process.pid}, since ${began}), which works on the same app…`;
}
