import type { BackupDrill } from "../../lib/contract/backup";
import { BackupService } from "../backup/backup-service";
import { describeBackup } from "../backup/describe";
import { countText, durationText, sizeText } from "../console/amounts";
import { CommandError, ExitCode } from "../console/command-error";
import { runStep } from "../console/tasks";
import { Deployment } from "../deployment/deployment";

/** Options of `drill`. */
export interface DrillOptions {
  /** Id of the stack, if the app has several. */
  readonly stack?: string;

  /** Prints JSON: the report of the backup program. */
  readonly json?: boolean;
}

/**
 * Proves the last backup: restores its database into a temporary PostgreSQL, and reads every file back. The deployed
 * stack is not touched.
 *
 * @throws CommandError with exit status 2 when something differs from what the backup says.
 */
export async function drill({ stack, json }: DrillOptions): Promise<void> {
  const service = await BackupService.of(await Deployment.synthesize(stack));
  const { report, isDamaged } = await runStep(
    "Restoring the last backup into an isolated copy",
    ({ progress }) => service.ask<BackupDrill>(["drill"], progress),
    json ? process.stderr : process.stdout,
  );
  const { backup, rows, objects, bytes, differences, modelsWithoutFiles, unreadable, seconds } = report;
  if (json) console.log(JSON.stringify(report, null, 2));
  else {
    const lines = [
      `Backup ${describeBackup(backup)}.`,
      `Read back: ${countText(rows, "row")}, ${countText(objects, "file")}, ${sizeText(bytes)}, in ${durationText(seconds)}.`,
      ...(modelsWithoutFiles.length > 0 ? [`Models that had no file already: ${modelsWithoutFiles.join(", ")}.`] : []),
      ...(unreadable.length > 0 ? [`Secrets that MLflow's keys could not read: ${unreadable.join(", ")}.`] : []),
      ...differences,
    ];
    console.log(lines.join("\n"));
  }
  if (isDamaged) {
    throw new CommandError(
      `the backup ${backup.id} does not give back what was saved: ${countText(differences.length, "difference")}`,
      "Make another backup, and prove it by another drill. An older backup may be good: 'backup check' tells.",
      ExitCode.dataAtRisk,
    );
  }
}
