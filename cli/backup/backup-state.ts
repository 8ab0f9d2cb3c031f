import { BackupStatus } from "../../lib/contract/backup";
import type { BackupResult, BackupState } from "../../lib/contract/backup";
import { agoText, countText, durationText, sizeText } from "../console/amounts";
import { CommandError } from "../console/command-error";
import { commandLine } from "../console/command-line";
import type { Deployment } from "../deployment/deployment";
import { begunRestore, tellBegunRestore } from "./begun-restore";
import type { BegunRestore } from "./begun-restore";
import { BackupService, targetText } from "./backup-service";
import type { BackupPlace } from "./backup-service";

/** What `status` and `up` say of a stack that makes no backups. */
export const NO_BACKUP = "No backups are made of this stack: name a target in BACKUP_TARGET, see docs/restore.md.";

/** What is known of a stack's backups without asking their target. */
export interface KnownBackups {
  readonly state: BackupState;

  /** Where the target lies on the engine's host, if it is there. */
  readonly place?: BackupPlace;

  /** A restore that has begun and not ended. */
  readonly begun?: BegunRestore;
}

/** What a stack's backup service knows; undefined if there is none, or it does not answer. */
export async function knownBackups(deployment: Deployment): Promise<KnownBackups | undefined> {
  if (deployment.synthesized.backups.length === 0) return undefined;
  try {
    const service = await BackupService.of(deployment);
    const [{ report: state }, begun] = await Promise.all([service.ask<BackupState>(["status"]), begunRestore(service)]);
    return { state, place: service.place, begun };
  } catch (error) {
    // The table of services shows what is wrong with the service. If nothing is known of a target, the service asks it.
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}

/** The lines on backups of `status`: the age of the last good one, the last drill, and what is wrong. */
export function tellBackups({ synthesized }: Deployment, known: KnownBackups | undefined): string[] {
  if (synthesized.backups.length === 0) return [NO_BACKUP];
  if (!known) {
    return [`The backup service or its target does not answer. To see why: ${commandLine("backup", "list")}`];
  }
  const { state, place, begun } = known;
  const { backup, run, drill } = state;
  const target = targetText(state.target, place);
  const last = backup
    ? `Last backup: ${agoText(backup.time)} (${countText(backup.objects, "file")}, ${sizeText(backup.bytes + backup.databaseBytes)}); ${state.backups} in ${target}.`
    : `There is no backup in ${target} yet; the schedule is ${state.schedule}.`;
  return [
    last,
    ...failureOf("backup", run),
    drill ? `Last drill: ${agoText(drill.time)}, ${drillText(drill)}` : "No drill has proven a backup yet.",
    ...(place?.isVolume
      ? ["The backups are on the disk of the data: they help against mistakes, and not against a lost disk."]
      : []),
    ...(begun ? [tellBegunRestore(begun, state)] : []),
  ];
}

function failureOf(what: string, result: BackupResult | undefined): string[] {
  if (!result || result.status === BackupStatus.OK) return [];
  return [`The last ${what} failed ${agoText(result.time)}: ${result.message ?? `status ${result.status}`}.`];
}

function drillText({ status, seconds, message }: BackupResult): string {
  if (status === BackupStatus.OK) return `which read everything back in ${durationText(seconds)}.`;
  return `which failed: ${message ?? `status ${status}`}.`;
}
