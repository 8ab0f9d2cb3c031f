import { BackupStatus } from "../../lib/contract/backup";
import type { BackupResult } from "../../lib/contract/backup";
import { targetText } from "../backup/backup-service";
import type { KnownBackups } from "../backup/backup-state";
import { tellBegunRestore } from "../backup/begun-restore";
import { agoText } from "../console/amounts";
import { commandLine } from "../console/command-line";
import type { Finding } from "./finding";

const HOUR = 3600;
const DAY = 24 * HOUR;
const SINCE_THEN = "What was stored since then is lost with the disk, or by a mistake.";

/**
 * What is wrong with the backups of a stack.
 *
 * @param makesBackups whether the stack has a backup service.
 * @param known what the service says; undefined if it does not answer.
 */
export function backupFindings(makesBackups: boolean, known: KnownBackups | undefined, now = Date.now()): Finding[] {
  if (!makesBackups) {
    return [
      {
        check: "no-backup",
        found: "No backups are made of this stack",
        meaning: "A lost disk or a mistake loses all runs and models.",
        remedy: `Name a target in BACKUP_TARGET, see docs/backup.md, then: ${commandLine("up")}`,
      },
    ];
  }
  const toAsk = commandLine("backup", "list");
  if (!known) {
    const found = "The backup service or its target does not answer";
    return [{ check: "backup-service", found, meaning: "No backups are made.", remedy: `To see why: ${toAsk}` }];
  }
  const { state, place, begun } = known;
  const { backup, run, check, drill } = state;
  const findings: Finding[] = [];
  if (begun) {
    findings.push({
      check: "restore-not-ended",
      found: `The restore of the backup ${begun.backup} has not ended`,
      meaning: tellBegunRestore(begun, state),
      remedy: commandLine("restore", "--at", begun.backup),
    });
  }
  if (!backup) {
    findings.push({
      check: "no-backup",
      found: `There is no backup in ${targetText(state.target, place)} yet; the schedule is ${state.schedule}`,
      meaning: "A lost disk or a mistake loses all runs and models.",
      remedy: commandLine("backup"),
    });
  } else if ((now - Date.parse(backup.time)) / 1000 > maximumAge(state.schedule)) {
    const found = `The last good backup is ${agoText(backup.time, now).replace(/ ago$/, "")} old; the schedule is ${state.schedule}`;
    findings.push({ check: "old-backup", found, meaning: SINCE_THEN, remedy: commandLine("backup") });
  }
  if (hasFailed(run)) {
    const found = `The last backup failed ${agoText(run.time, now)}: ${reasonOf(run)}`;
    findings.push({
      check: "failed-backup",
      found,
      meaning: SINCE_THEN,
      remedy: `To try again: ${commandLine("backup")}`,
    });
  }
  if (hasFailed(check)) {
    findings.push({
      check: "damaged-backup",
      found: `The last check of the backups failed ${agoText(check.time, now)}: ${reasonOf(check)}`,
      meaning: "A restore may bring back only a part.",
      remedy: `To see what is damaged: ${commandLine("backup", "check")}`,
    });
  }
  if (hasFailed(drill)) {
    findings.push({
      check: "failed-drill",
      found: `The last drill failed ${agoText(drill.time, now)}: ${reasonOf(drill)}`,
      meaning: "It is not proven that the backup can be restored.",
      remedy: `To try again: ${commandLine("drill")}`,
    });
  }
  return findings;
}

/** What an operator should know about backups that work. */
export function backupNotes(known: KnownBackups | undefined): Finding[] {
  const notes: Finding[] = [];
  if (known?.state.backup && !known.state.drill) {
    notes.push({
      check: "no-drill",
      found: "No drill has proven a backup yet",
      meaning: "It is not known whether the backup can be restored.",
      remedy: commandLine("drill"),
    });
  }
  if (known?.place?.isVolume) {
    notes.push({
      check: "backup-on-same-disk",
      found: `The backups are in the volume ${known.place.name}, on the disk of the data`,
      meaning: "They help against mistakes, and not against a lost disk.",
      remedy: "Name another target in BACKUP_TARGET: docs/backup.md.",
    });
  }
  return notes;
}

/** Seconds after which a backup of a schedule is old: twice the longest time between two, and at least three hours. */
export function maximumAge(schedule: string): number {
  const named = { "@hourly": 3 * HOUR, "@daily": 2 * DAY, "@midnight": 2 * DAY, "@weekly": 14 * DAY }[schedule];
  if (named !== undefined) return named;
  const [, hour, dayOfMonth, month, dayOfWeek] = schedule.trim().split(/\s+/);
  // Also @monthly and @yearly, which have no such fields.
  if (month === undefined || dayOfWeek === undefined) return schedule === "@monthly" ? 62 * DAY : 732 * DAY;
  if (month !== "*") return 732 * DAY;
  if (dayOfMonth !== "*") return 62 * DAY;
  if (dayOfWeek !== "*") return 14 * DAY;
  return hour === "*" ? 3 * HOUR : 2 * DAY;
}

function hasFailed(result: BackupResult | undefined): result is BackupResult {
  return result !== undefined && result.status !== BackupStatus.OK;
}

function reasonOf({ status, message }: BackupResult): string {
  return message ?? `status ${status}`;
}
