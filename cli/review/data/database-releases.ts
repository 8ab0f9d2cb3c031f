import { ContainerRole } from "../../../lib/contract/container-roles";
import type { PlannedContainer } from "../plan/container-change";
import { isOlder, releasesOf } from "../plan/images";
import type { DataFinding } from "../model/model";
import { text, words } from "../model/text";

/** What other releases of PostgreSQL and of MLflow do to the records in the database; the first one counts most. */
export function databaseReleases(containers: readonly PlannedContainer[]): DataFinding[] {
  const ofRole = (role: ContainerRole) => containers.filter((container) => container.role === role);
  const isDumped = ofRole(ContainerRole.DUMP_JOB).some(({ ours, action }) => ours && /^(new|replaced)$/.test(action));
  return [
    ...ofRole(ContainerRole.DATABASE).flatMap(anotherPostgres),
    ...ofRole(ContainerRole.MIGRATION_JOB).flatMap((job) => anotherMlflow(job, isDumped)),
  ];
}

function anotherPostgres(container: PlannedContainer): DataFinding[] {
  const { name, image, from, to } = releasesOf(container);
  if (!image) return [];
  const [major, next] = [from, to].map((version) => version?.split(".")[0]);
  if (major === next && major !== undefined) return [];
  return [
    {
      effect: "unreachable",
      content: "records",
      text: text`${name} becomes PostgreSQL ${to ?? image.after} instead of ${from ?? image.before}: another major version does not open the files that are there, and MLflow stays down`,
      when: words("as soon as the old database stops"),
      wayBack: words("take this change back: the files stay as they are"),
      ...(major !== undefined && next !== undefined && { staysDown: true }),
    },
  ];
}

function anotherMlflow(container: PlannedContainer, isDumped: boolean): DataFinding[] {
  const { image, from, to } = releasesOf(container);
  if (!image || container.action === "nothing" || (from !== undefined && from === to)) return [];
  const [old, now] = [from ?? image.before, to ?? image.after];
  if (from !== undefined && to !== undefined && isOlder(to, from))
    return [
      {
        effect: "unreachable",
        content: "records",
        text: text`MLflow ${now} does not open the database of MLflow ${old}, which is newer: the apply fails, and MLflow stays down`,
        when: words("during the apply"),
        wayBack: text`take this change back: the database stays as it is. To go back to the dump from before a migration: ${"mlflow-stack rollback"}`,
        staysDown: true,
      },
    ];
  return [
    {
      effect: "changed",
      content: "records",
      text: text`MLflow ${now} brings the tables into its form, and MLflow ${old} does not open them any more`,
      when: words("during the apply, before the new server starts"),
      wayBack: isDumped
        ? text`${"mlflow-stack rollback"} restores the dump that is made before`
        : words("a backup of the database, made before"),
      ...(isDumped && { isDumped }),
    },
  ];
}
