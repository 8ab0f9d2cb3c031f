import type { BackupList, BackupRecord, BackupRestore } from "../../lib/contract/backup";
import { BackupService } from "../backup/backup-service";
import { describeBackup, describeSecrets, selectBackup } from "../backup/describe";
import { restoreFilesStep, restoreSteps } from "../backup/restore-steps";
import type { FileChoice } from "../backup/restore-steps";
import { CommandError } from "../console/command-error";
import { commandLine } from "../console/command-line";
import { isWordTyped, requireYes } from "../console/prompts";
import { runStep, runSteps } from "../console/tasks";
import { Deployment } from "../deployment/deployment";
import { findTarget, requirePassed, tableOf, verificationSteps } from "../verify/checks";
import type { Check } from "../verify/checks";

/** What somebody types who agrees to lose what was written since the backup. */
const WORD = "restore";

/** Size in MiB of the large file that the checks send. */
const LARGE_SIZE = 64;

/** Options of `restore`. */
export interface RestoreOptions {
  /** Id of the stack, if the app has several. */
  readonly stack?: string;

  /** Id of a backup, or a time: then the newest backup that is not younger. */
  readonly at?: string;

  /** Restores a backup that another stack has made into this one's target. */
  readonly fromStack?: string;

  /** Brings back the files whose paths in the bucket begin so, and nothing else. */
  readonly only?: string;

  /** Brings back the files of this run and of the models that were logged in it, and nothing else. */
  readonly onlyRun?: string;

  /** Brings back the files of all versions of this registered model, or of this logged model, and nothing else. */
  readonly onlyModel?: string;

  /** Replaces data that is there, without being asked. */
  readonly overwrite?: boolean;

  /** Asks nothing, and restores only if there is no data. */
  readonly yes?: boolean;

  /** Prints JSON: the report of the backup program. */
  readonly json?: boolean;
}

/**
 * Replaces the database and the bucket by those of a backup, migrates the database if the backup is older than the
 * server, and tries the stack as a client does. Or brings back some files, and touches nothing else.
 *
 * @throws CommandError with exit status 2 when there is data and nobody has agreed to replace it.
 */
export async function restore(options: RestoreOptions): Promise<void> {
  const { json = false, fromStack } = options;
  const output = json ? process.stderr : process.stdout;
  const choice = chooseFiles(options);
  if (json && !options.yes && !options.overwrite) {
    throw new CommandError("--json asks nothing", "Add --yes, or --overwrite to replace what is there.");
  }
  const deployment = await Deployment.synthesize(options.stack);
  const { name } = deployment;
  const service = await BackupService.of(deployment);
  const backup = await chooseBackup(service, options, output);
  if (!json)
    console.log(`Backup ${describeBackup(backup)}, made by stack '${backup.stack}' with MLflow ${backup.mlflow}.`);

  const plan = { backup, fromStack, overwrite: await agree(name, choice, options) };
  let restored: BackupRestore | undefined;
  const report = (given: BackupRestore) => {
    restored = given;
  };
  const steps = choice
    ? restoreFilesStep(service, plan, choice, report)
    : restoreSteps(deployment, service, plan, report);
  await runSteps(steps, output);
  tellWarnings(restored, json);
  if (!choice) await verifyStack(deployment, output);
  if (json) console.log(JSON.stringify(restored, null, 2));
  else if (!choice) console.log(`\nStack '${name}' has the data of ${backup.id}.`);
}

function chooseFiles({ only, onlyRun, onlyModel }: RestoreOptions): FileChoice | undefined {
  const choices: (readonly [string, string | undefined, string])[] = [
    ["--only", only, `the files below ${only}`],
    ["--only-run", onlyRun, `the files of the run ${onlyRun}`],
    ["--only-model", onlyModel, `the files of the model ${onlyModel}`],
  ];
  const given = choices.flatMap(([option, value, subject]) =>
    value === undefined ? [] : [{ option, value, subject }],
  );
  const [first, second] = given;
  if (!first) return undefined;
  if (second)
    throw new CommandError(`${first.option} and ${second.option} are both given`, "Restore one after the other.");
  // A script whose variable is not set. Without the check, everything would be restored.
  if (first.value === "") throw new CommandError(`${first.option} is empty`, "Say which files are to come back.");
  return { words: [first.option, first.value], subject: first.subject };
}

async function chooseBackup(
  service: BackupService,
  { at, fromStack }: RestoreOptions,
  output: NodeJS.WriteStream,
): Promise<BackupRecord> {
  return runStep(
    "Looking for the backup",
    async ({ progress }) => {
      const words = ["list", ...(fromStack === undefined ? [] : ["--stack", fromStack])];
      return selectBackup((await service.ask<BackupList>(words, progress)).report.backups, at);
    },
    output,
  );
}

// Returns whether data may be replaced: `--yes` alone answers for a stack without any.
async function agree(
  name: string,
  choice: FileChoice | undefined,
  { overwrite = false, yes = false }: RestoreOptions,
): Promise<boolean> {
  if (choice) {
    await requireYes(
      `Bring back ${choice.subject}, and leave everything else as it is?${overwrite ? " Those that differ are overwritten." : ""}`,
      yes || overwrite,
    );
    return overwrite;
  }
  if (overwrite || yes) return overwrite;
  const message = `This replaces the database of stack '${name}', and overwrites files that differ. What was written since is lost.`;
  if (await isWordTyped(message, WORD)) return true;
  throw new CommandError(
    process.stdin.isTTY ? "nothing was changed" : `${message} There is no terminal to ask on.`,
    "Answer with --overwrite; with --yes only a stack without data takes the backup.",
  );
}

function tellWarnings(restored: BackupRestore | undefined, json: boolean): void {
  for (const warning of restored?.warnings ?? []) console.error(`Warning: ${warning}`);
  if (restored && !json) for (const line of describeSecrets(restored)) console.log(line);
}

async function verifyStack(deployment: Deployment, output: NodeJS.WriteStream): Promise<void> {
  const checks: Check[] = [];
  try {
    await runSteps(
      verificationSteps(() => findTarget(deployment), LARGE_SIZE, checks),
      output,
    );
    requirePassed(checks);
  } catch (error) {
    if (checks.length > 0) output.write(`${tableOf(checks)}\n`);
    const problem = error instanceof Error ? error.message : String(error);
    throw new CommandError(
      `the data is restored, but the stack could not be verified: ${problem}`,
      `To try again: ${commandLine("verify")}`,
    );
  }
}
