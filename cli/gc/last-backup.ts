import { BackupStatus } from "../../lib/contract/backup";
import { targetText } from "../backup/backup-service";
import type { KnownBackups } from "../backup/backup-state";
import { agoText, timeText } from "../console/amounts";
import { commandLine } from "../console/command-line";

/** Whether a backup has what would be deleted. */
export interface WayBack {
  /** Id and time of the last good backup. */
  readonly backup?: string;
  readonly time?: string;

  /** Whether it is newer than the last change of all that would be deleted. */
  readonly isComplete: boolean;

  /** For people. */
  readonly lines: string[];
}

/**
 * What is known of a backup of the garbage.
 *
 * @param makesBackups whether the stack has a backup service.
 * @param known what the service says; undefined if it does not answer.
 * @param lastChange time in milliseconds of the last change of what would be deleted.
 */
export function wayBack(makesBackups: boolean, known: KnownBackups | undefined, lastChange: number): WayBack {
  if (!makesBackups) return none("No backups are made of this stack, so nothing brings this back.");
  if (!known)
    return none("The backup service or its target does not answer, so it is not known whether a backup has this.");
  const { state, place } = known;
  const { backup, check } = state;
  const first = `To make a backup first: ${commandLine("backup")}`;
  if (!backup)
    return none(`There is no backup in ${targetText(state.target, place)} yet, so nothing brings this back.`, first);

  const damage =
    check?.status === BackupStatus.DAMAGED
      ? [`The last check of the backups, ${agoText(check.time)}, found damage.`]
      : [];
  const { id, time } = backup;
  if (Date.parse(time) <= lastChange) {
    const changed = timeText(new Date(lastChange).toISOString());
    return {
      backup: id,
      time,
      isComplete: false,
      lines: [
        `The last backup is of ${timeText(time)}, and something of this was changed later, at ${changed}. ${first}`,
        ...damage,
      ],
    };
  }
  return {
    backup: id,
    time,
    isComplete: damage.length === 0,
    lines: [
      `The backup ${id} of ${timeText(time)} (${agoText(time)}) has all of this, as long as it is kept.`,
      `  To bring everything back as it was then, and lose what came later: ${commandLine("restore", "--at", id)}`,
      `  To bring back files alone: ${commandLine("restore", "--at", id, "--only", "PATH")}`,
      ...damage,
    ],
  };
}

function none(...lines: string[]): WayBack {
  return { isComplete: false, lines };
}
