import { BACKUP_FOLDER, BACKUP_PASSPHRASE_FILE } from "../../../lib/contract/backup";
import { ContainerRole } from "../../../lib/contract/container-roles";
import type { Attributes } from "../plan/attributes";
import { filesOf, settingsOf, variableOf } from "../plan/container";
import type { PlannedContainer } from "../plan/container-change";
import type { DataFinding } from "../model/model";
import { text, words } from "../model/text";
import type { Text } from "../model/text";

/** Backups that are no longer made, go elsewhere, are made at other times, or do not stay as long. */
export function backupFindings(container: PlannedContainer): DataFinding[] {
  const { role, before, after, action } = container;
  if (role !== ContainerRole.BACKUP || action === "nothing") return [];
  if (!before) return after ? sameDisk(after) : [];
  const target = placeOf(before);
  if (!after || action === "left") {
    return [warning(text`no backups are made any more; those in ${target} stay, and nothing deletes them`)];
  }
  return [
    ...elsewhere(target, placeOf(after)),
    ...(target === placeOf(after) ? [] : sameDisk(after)),
    ...retention(container),
    ...schedule("BACKUP_SCHEDULE", "backups are made", container),
    ...schedule("BACKUP_DRILL_SCHEDULE", "a restore is tried", container),
    ...passphrase(before, after),
  ];
}

function mountOf(container: Attributes) {
  return container.blocks("volumes").find(({ container_path }) => container_path === BACKUP_FOLDER);
}

/** Where backups go: an address, or what is mounted in the place of the target. */
function placeOf(container: Attributes): string {
  const { BACKUP_TARGET: target, BACKUP_TARGET_ENDPOINT: endpoint } = settingsOf(container);
  const mount = mountOf(container);
  const place = mount ? String(mount.host_path || mount.volume_name) : (target ?? "an unknown place");
  return endpoint === undefined ? place : `${place} at ${endpoint}`;
}

function sameDisk(container: Attributes): DataFinding[] {
  const volume = mountOf(container)?.volume_name;
  if (!volume) return [];
  return [
    warning(
      text`backups go to the volume ${String(volume)}, on the disk of the data: they help against mistakes, and not against a lost disk or machine`,
    ),
  ];
}

function elsewhere(old: string, now: string): DataFinding[] {
  if (old === now) return [];
  return [
    warning(
      text`backups go to ${now} instead of ${old}: those in the old place stay there, are not moved, and no restore sees them`,
    ),
  ];
}

function retention(container: PlannedContainer): DataFinding[] {
  const [old, now] = variableOf(container, "BACKUP_KEEP");
  if (old === undefined || now === undefined || old === now) return [];
  const kept = numbersOf(now);
  const fewer = [...numbersOf(old)].some(([period, number]) => (kept.get(period) ?? 0) < number);
  // What stays longer is told by the changed setting.
  if (!fewer) return [];
  return [warning(text`fewer backups stay: ${now} instead of ${old}; the next run deletes the others for good`)];
}

function numbersOf(keep: string): Map<string, number> {
  return new Map(keep.split(",").map((entry) => [entry.split("=")[0] ?? "", Number(entry.split("=")[1])]));
}

function schedule(setting: string, what: string, container: PlannedContainer): DataFinding[] {
  const [old, now] = variableOf(container, setting);
  if (old === undefined || now === undefined || old === now) return [];
  return [warning(text`${words(what)} by the schedule ${now} instead of ${old}, in UTC`)];
}

function passphrase(before: Attributes, after: Attributes): DataFinding[] {
  const [old, now] = [before, after].map((side) => filesOf(side).get(BACKUP_PASSPHRASE_FILE));
  // A content that is not known yet is another one.
  if (!old || !now || old.content === now.content) return [];
  return [
    warning(
      words(
        "the passphrase of the backups is another one: the target refuses it as long as it has backups with the old one, and none is made",
      ),
    ),
  ];
}

function warning(sentence: Text): DataFinding {
  return { effect: "warning", text: sentence };
}
