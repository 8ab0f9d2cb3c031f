import { BACKUP_RESTORE_FILE, BackupStatus } from "../../lib/contract/backup";
import type { BackupRecord, BackupState } from "../../lib/contract/backup";
import { timeText } from "../console/amounts";
import { commandLine } from "../console/command-line";
import { parseJson } from "../console/parse-json";
import type { BackupService } from "./backup-service";

/** A restore that has begun, and whose server does not run again yet. */
export interface BegunRestore {
  /** Id and time of the backup. */
  readonly backup: string;
  readonly time: string;

  /** When it began. */
  readonly since: string;
}

/** Notes beside the backups' own state that a restore begins: whoever runs the next command sees it. */
export async function noteRestore(service: BackupService, { id, time }: BackupRecord): Promise<void> {
  const begun: BegunRestore = { backup: id, time, since: new Date().toISOString() };
  await service.shell('printf %s "$1" >"$0.new" && mv "$0.new" "$0"', [BACKUP_RESTORE_FILE, JSON.stringify(begun)]);
}

/** Forgets the restore. */
export async function forgetRestore(service: BackupService): Promise<void> {
  await service.shell('rm -f "$0"', [BACKUP_RESTORE_FILE]);
}

/** The restore that has begun and not ended; undefined if there is none. */
export async function begunRestore(service: BackupService): Promise<BegunRestore | undefined> {
  const text = await service.shell('if [ -e "$0" ]; then cat "$0"; fi', [BACKUP_RESTORE_FILE]);
  return text ? parseJson<BegunRestore>(text) : undefined;
}

/** Says what a restore that has not ended has left. The database is replaced in one transaction, after the files. */
export function tellBegunRestore({ backup, time, since }: BegunRestore, { restore }: Partial<BackupState>): string {
  const ended = restore && Date.parse(restore.time) >= Date.parse(since) ? restore.status : undefined;
  const holds =
    ended === undefined
      ? "The database is as it was before or as in the backup, and never a mixture"
      : ended === BackupStatus.OK
        ? "Database and files are those of the backup, but the server was not started"
        : "The database is as it was before";
  return [
    `A restore of ${backup} of ${timeText(time)}, which began ${timeText(since)}, has not ended. ${holds}.`,
    `To finish it: ${commandLine("restore", "--at", backup)}`,
  ].join(" ");
}
