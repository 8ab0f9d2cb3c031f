import { ContainerRole } from "../../../lib/contract/container-roles";
import type { PlannedContainer } from "../plan/container-change";
import type { Configuration } from "../plan/configuration";
import type { JobRun } from "../model/model";
import { text, words } from "../model/text";
import type { Text } from "../model/text";
import { versionOf } from "./images";

/** The one-shot containers that an apply runs. */
export function jobRuns(containers: readonly PlannedContainer[], configuration: Configuration): JobRun[] {
  const running = containers.filter(({ job, action }) => job && (action === "new" || action === "replaced"));
  return running.map((job) => ({
    address: job.address,
    name: job.name,
    text:
      job.role === ContainerRole.MIGRATION_JOB
        ? migration(job, running, configuration)
        : words("runs once; if it fails, the apply fails"),
    changes: job.changes,
  }));
}

function migration(job: PlannedContainer, running: readonly PlannedContainer[], configuration: Configuration): Text {
  if (!job.before) return words("brings MLflow's database up to date before the server starts");
  const from = versionOf(job.image?.before);
  const to = versionOf(job.image?.after);
  if (!job.image) return words("looks whether MLflow's database is up to date; the MLflow release is the same");
  if (from !== undefined && from === to)
    return text`looks whether MLflow's database is up to date; the image is another one, of the same release ${to}`;
  const what =
    from && to
      ? text`migrates MLflow's database from MLflow ${from} to ${to}`
      : text`migrates MLflow's database to ${job.image.after ?? "another image"}, of which the name tells no release`;
  const needed = configuration.dependencies(job.address);
  const backup = running.find(({ name, address }) => /backup/i.test(name) && needed.includes(address));
  if (from && to && isOlder(to, from)) return text`${what}: MLflow cannot go back to an older release`;
  return backup
    ? text`${what}, after ${backup.name} has made a backup`
    : text`${what}. No backup is made before it, and only a backup leads back`;
}

function isOlder(a: string, b: string): boolean {
  return a.localeCompare(b, "en", { numeric: true }) < 0;
}
