import { ContainerRole } from "../../../lib/contract/container-roles";
import { STORES_FILE } from "../../../lib/contract/store-identity";
import type { PlannedContainer } from "../plan/container-change";
import type { Configuration } from "../plan/configuration";
import type { JobRun } from "../model/model";
import { text, words } from "../model/text";
import type { Text } from "../model/text";
import { isOlder, versionOf } from "../plan/images";
import { filesOf } from "../plan/container";
import { shellWord } from "../../console/shell-word";

/** The one-shot containers that an apply runs. */
export function jobRuns(containers: readonly PlannedContainer[], configuration: Configuration): JobRun[] {
  const running = containers.filter(({ job, action }) => job && (action === "new" || action === "replaced"));
  return running.map((job) => ({
    address: job.address,
    name: job.name,
    ours: job.ours,
    text: job.role === ContainerRole.MIGRATION_JOB ? migration(job, running, configuration) : onceOf(job),
    changes: job.changes,
  }));
}

const WORK: { readonly [role: string]: string } = {
  [ContainerRole.BUCKET_JOB]: "makes the bucket if it is not there, and sets what MLflow's key may do",
  [ContainerRole.DUMP_JOB]:
    "dumps MLflow's database if a migration can follow, reads the dump back, and keeps the last three dumps",
  [ContainerRole.ROOT_CERTIFICATE_JOB]: "reads the certificate that clients have to trust",
  [ContainerRole.WORKSPACES_JOB]: "makes the workspaces of users, if they are not there",
};

function onceOf({ ours, role, image, after }: PlannedContainer): Text {
  const end = words("if it fails, the apply fails");
  const work = ours && role !== undefined ? WORK[role] : undefined;
  if (work !== undefined) return text`${words(work)}; ${end}`;
  const program = image?.after ?? after?.text("image");
  const command = after && !after.isSensitive("command") ? after.texts("command").map(shellWord).join(" ") : "";
  return text`runs the image ${program ?? "(known after the apply)"}${command === "" ? words(" with its own command") : text` with ${command}`} once; ${end}`;
}

function migration(job: PlannedContainer, running: readonly PlannedContainer[], configuration: Configuration): Text {
  if (!job.before) return words("brings MLflow's database up to date before the server starts");
  const from = versionOf(job.image?.before);
  const to = versionOf(job.image?.after);
  const waits = words(waitsForBackups(job) ? ". If a backup or restore runs, it waits for up to 10 min" : "");
  if (!job.image)
    return text`checks that database and store are those of this stack. The release of MLflow is the same, so there is nothing to migrate${waits}`;
  if (from !== undefined && from === to)
    return text`checks that database and store are those of this stack. The image is another one, of the same release ${to}, so there is nothing to migrate${waits}`;
  const what =
    from && to
      ? text`migrates MLflow's database from MLflow ${from} to ${to}`
      : text`migrates MLflow's database to ${job.image.after ?? "another image"}, of which the name tells no release`;
  const needed = configuration.dependencies(job.address);
  const backup = running.find(({ name, address }) => /backup/i.test(name) && needed.includes(address));
  if (from && to && isOlder(to, from))
    return text`fails: MLflow ${to} does not open the database of ${from}; only ${"mlflow-stack rollback"} goes back to the dump from before a migration`;
  if (isDumped(job, running, configuration))
    return text`${what}, after a dump that is read back. ${"mlflow-stack rollback"} goes back to it${waits}`;
  return backup
    ? text`${what}, after ${backup.name} has made a backup`
    : text`${what}. No backup is made before it, and only a backup leads back`;
}

/** Whether a dump of the database is made before a migration, without which it does not begin. */
export function isDumped(
  { address }: PlannedContainer,
  containers: readonly PlannedContainer[],
  configuration: Configuration,
): boolean {
  const needed = configuration.dependencies(address);
  return containers.some(({ role, ours, action, address: dump }) => {
    return role === ContainerRole.DUMP_JOB && ours && /^(new|replaced)$/.test(action) && needed.includes(dump);
  });
}

// As the program that guards the stores says itself.
function waitsForBackups({ after }: PlannedContainer): boolean {
  return after !== undefined && /^LOCK_SECONDS = 600$/m.test(filesOf(after).get(STORES_FILE)?.content ?? "");
}
