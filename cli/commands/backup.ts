import type { BackupCheck, BackupList, BackupRun } from "../../lib/contract/backup";
import { BackupService, targetText } from "../backup/backup-service";
import type { BackupPlace, Report } from "../backup/backup-service";
import { backupTable, describeBackup } from "../backup/describe";
import { countText, durationText, sizeText, timeText } from "../console/amounts";
import { CommandError, ExitCode } from "../console/command-error";
import { commandLine } from "../console/command-line";
import { table } from "../console/table";
import { runStep } from "../console/tasks";
import { Deployment } from "../deployment/deployment";

/** Options of `backup`, `backup list` and `backup check`. */
export interface BackupOptions {
  /** Id of the stack, if the app has several. */
  readonly stack?: string;

  /** Prints JSON: the report of the backup program. */
  readonly json?: boolean;

  /** Looks at the backups of this stack instead of those of the deployed one. */
  readonly fromStack?: string;
}

/**
 * Makes a backup now: of the database and the bucket together, without stopping anything.
 *
 * @throws CommandError when the stack makes no backups, or this one fails.
 */
export async function backup(options: BackupOptions): Promise<void> {
  const { report } = await ask<BackupRun>("Making a backup", ["run"], options);
  const { backup: made, newObjects, newBytes, deleted, warnings, seconds } = report;
  if (options.json) return console.log(JSON.stringify(report, null, 2));
  const lines = [
    `Backup ${describeBackup(made)}.`,
    `New since the last one: ${countText(newObjects, "file")} of ${sizeText(newBytes)}. It took ${durationText(seconds)}.`,
    ...(deleted.length > 0 ? [`Deleted, because they are older than what is kept: ${deleted.join(", ")}.`] : []),
    ...warnings,
  ];
  console.log(lines.join("\n"));
}

/** Lists the backups of a stack in its target. */
export async function listBackups(options: BackupOptions): Promise<void> {
  const { report, place } = await ask<BackupList>("Looking into the target", ["list"], options);
  if (options.json) return console.log(JSON.stringify(report, null, 2));
  const { backups } = report;
  const target = targetText(report.target, place);
  if (backups.length === 0)
    return console.log(`There is no backup in ${target}. To make one: ${commandLine("backup")}`);
  console.log(`${backupTable(backups)}\n${countText(backups.length, "backup")} in ${target}.`);
}

/**
 * Reads every byte of all backups of a stack, and compares it with what was written.
 *
 * @throws CommandError with exit status 2 when something is damaged.
 */
export async function checkBackups(options: BackupOptions): Promise<void> {
  const { report, isDamaged } = await ask<BackupCheck>("Reading all backups", ["check"], options);
  const { backups, objects, bytes, seconds, damaged } = report;
  if (options.json) console.log(JSON.stringify(report, null, 2));
  else if (damaged.length > 0) {
    const rows = damaged.map(({ backup: id, time, path, reason }) => [id, timeText(time), path, reason]);
    console.log(table(["backup", "time", "file", "what is wrong"], rows));
  }
  const read = `${countText(backups, "backup")}, ${countText(objects, "file")}, ${sizeText(bytes)} in ${durationText(seconds)}`;
  if (isDamaged) {
    throw new CommandError(
      `${countText(damaged.length, "file")} of the backups cannot be read (${read})`,
      `A backup without these files is still good. What is still in the bucket is saved again by: ${commandLine("backup")}`,
      ExitCode.dataAtRisk,
    );
  }
  if (!options.json) console.log(`Everything can be read: ${read}.`);
}

async function ask<T>(
  title: string,
  words: string[],
  { stack, json, fromStack }: BackupOptions,
): Promise<Report<T> & { place?: BackupPlace }> {
  const service = await BackupService.of(await Deployment.synthesize(stack));
  const report = await runStep(
    title,
    ({ progress }) => service.ask<T>([...words, ...(fromStack ? ["--stack", fromStack] : [])], progress),
    json ? process.stderr : process.stdout,
  );
  return { ...report, place: service.place };
}
