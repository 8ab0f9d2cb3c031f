import type { BackupRecord, BackupRestore } from "../../lib/contract/backup";
import { CommandError } from "../console/command-error";
import { agoText, countText, sizeText, timeText } from "../console/amounts";
import { table } from "../console/table";

/** What is in a backup, in one line. */
export function describeBackup({ id, time, databaseBytes, objects, bytes }: BackupRecord): string {
  const files = `${countText(objects, "file")} of ${sizeText(bytes)}`;
  return `${id} of ${timeText(time)} (${agoText(time)}): database ${sizeText(databaseBytes)}, ${files}`;
}

/** What became of the secrets that MLflow has encrypted in the database of a backup. */
export function describeSecrets({ reencrypted, unreadable }: BackupRestore): string[] {
  const count = countText(reencrypted, "secret");
  return [
    ...(reencrypted > 0
      ? [`This stack has other keys than the old one: ${count} of webhooks and of the AI gateway got the new ones.`]
      : []),
    ...(unreadable.length > 0
      ? [`The keys in the backup do not fit these secrets, so enter them again: ${unreadable.join(", ")}.`]
      : []),
  ];
}

/** Backups as a table. */
export function backupTable(backups: readonly BackupRecord[]): string {
  return table(
    ["id", "time", "age", "database", "files", "MLflow"],
    backups.map(({ id, time, databaseBytes, objects, bytes, mlflow }) => [
      id,
      timeText(time),
      agoText(time),
      sizeText(databaseBytes),
      `${objects} (${sizeText(bytes)})`,
      mlflow,
    ]),
  );
}

/**
 * The backup that a user means.
 *
 * @param backups the newest first.
 * @param at an id, or a time: then the newest that is not younger. A time without a zone is in UTC.
 * @throws CommandError when there is none.
 */
export function selectBackup(backups: readonly BackupRecord[], at?: string): BackupRecord {
  const [newest] = backups;
  if (!newest) throw new CommandError("the target has no backup of this stack");
  const found = at === undefined ? newest : backups.find(({ id }) => id === at);
  if (found) return found;

  const time = Date.parse(
    /^\d{4}-\d\d-\d\d([T ][\d:.]+)?$/.test(`${at}`) ? `${`${at}`.replace(" ", "T")}${zone(at)}` : `${at}`,
  );
  const remedy = `These are there:\n${backupTable(backups)}`;
  if (Number.isNaN(time)) {
    throw new CommandError(`'${at}' is neither the id of a backup nor a time such as 2026-11-30T05:00:00Z`, remedy);
  }
  const before = backups.find((backup) => Date.parse(backup.time) <= time);
  if (!before) throw new CommandError(`no backup is as old as ${timeText(new Date(time).toISOString())}`, remedy);
  return before;
}

// A date alone is in UTC already.
function zone(at = ""): string {
  return /[T ]/.test(at) ? "Z" : "";
}
