import type { Collected } from "../../lib/contract/garbage";
import { knownBackups } from "../backup/backup-state";
import { countText } from "../console/amounts";
import { CommandError } from "../console/command-error";
import { commandLine } from "../console/command-line";
import { requireYes } from "../console/prompts";
import { runStep } from "../console/tasks";
import { Deployment } from "../deployment/deployment";
import { Collector } from "../gc/collector";
import { describeCollected, describeGarbage, isClean, parseAge } from "../gc/garbage";
import { wayBack } from "../gc/last-backup";

/** Options of `gc`. */
export interface GcOptions {
  /** Id of the stack, if the app has several. */
  readonly stack?: string;

  /** How long ago something must have been deleted, such as `30d`. */
  readonly olderThan: string;

  /** Lists what would be deleted, and changes nothing. */
  readonly dryRun?: boolean;

  /** Answers every question with yes. */
  readonly yes?: boolean;

  /** Prints JSON: what was found, the backup that has it, and what was deleted. */
  readonly json?: boolean;
}

/**
 * Deletes for good what users of MLflow deleted long ago: runs, models, and experiments with their traces; and files of
 * the bucket that belong to nothing in the database.
 *
 * @throws CommandError when the server does not run, the stores are in use by a backup, a restore or a migration, or
 * something could not be deleted.
 */
export async function gc({ stack, olderThan, dryRun = false, yes = false, json = false }: GcOptions): Promise<void> {
  const age = parseAge(olderThan);
  if (json && !dryRun && !yes) throw new CommandError("--json asks nothing", "Add --dry-run, or --yes to delete.");
  const deployment = await Deployment.synthesize(stack);
  const { docker, synthesized, name } = deployment;
  await docker.info();
  const [server] = await docker.containers(synthesized.servers);
  if (server?.State.Health?.Status !== "healthy") {
    throw new CommandError(`the server of stack '${name}' does not run`, `Begin with: ${commandLine("up")}`);
  }
  const collector = new Collector(docker, server.Id);
  const output = json ? process.stderr : process.stdout;
  const garbage = await runStep(
    `Looking for what was deleted more than ${olderThan} ago`,
    ({ progress }) => collector.list(age, !dryRun, progress),
    output,
  );
  const back = wayBack(synthesized.backups.length > 0, await knownBackups(deployment), garbage.lastChange);
  const print = (deleted?: Collected) => {
    const { backup, time, isComplete } = back;
    console.log(JSON.stringify({ ...garbage, backup: { id: backup, time, isComplete }, deleted }, null, 2));
  };
  if (!json) console.log(describeGarbage(garbage));
  if (!json && !isClean(garbage)) console.log(back.lines.join("\n"));
  if (dryRun || isClean(garbage)) return json ? print() : undefined;

  await requireYes(`Delete this from stack '${name}' for good?`, yes);
  const done = await runStep("Deleting", ({ progress }) => collector.delete(garbage, progress), output);
  if (json) print(done);
  else console.log(describeCollected(done));
  requireEnd(done);
}

function requireEnd({ failed, stopped }: Collected): void {
  const again = `What is left is deleted by the next: ${commandLine("gc")}`;
  if (stopped) throw new CommandError("the garbage collection was interrupted", again);
  const [first] = failed;
  if (!first) return;
  throw new CommandError(
    `${countText(failed.length, "thing")} could not be deleted, such as the ${first.what}: ${first.reason}`,
    again,
  );
}
