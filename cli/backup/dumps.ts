import type { DumpRecord, DumpReport } from "../../lib/contract/dumps";
import { agoText, timeText } from "../console/amounts";
import { CommandError } from "../console/command-error";
import { commandLine } from "../console/command-line";
import { parseJson } from "../console/parse-json";
import type { Deployment } from "../deployment/deployment";
import { conditionOf } from "../deployment/health";
import { versionOf } from "../review/plan/images";

/** What is known of the dumps that a stack made before migrations. */
export interface KnownDumps extends DumpReport {
  /** Name of the job that makes and restores them. */
  readonly job: string;

  /** Whether the job works. */
  readonly isWorking: boolean;
}

/**
 * The dumps of a stack, as their job has told them last; undefined if it has not run yet, or if the stack has several
 * servers.
 */
export async function knownDumps({ docker, synthesized }: Deployment): Promise<KnownDumps | undefined> {
  const [job, ...others] = await docker.containers(synthesized.dumpJobs);
  if (!job || others.length > 0) return undefined;
  const report = reportIn(await docker.logs(job.Id, job.Created)) ?? { dumps: [] };
  const servers = await docker.containers(synthesized.servers);
  const { since = "" } = report.rollback ?? {};
  // A server starts only on a database of its own schema, so the rollback has ended, or was given up.
  const isServed = servers.some((server) => {
    return conditionOf(server) === "healthy" && Date.parse(server.State.StartedAt) > Date.parse(since);
  });
  const { dumps, rollback } = report;
  return { job: job.Name, isWorking: job.State.Status === "running", dumps, rollback: isServed ? undefined : rollback };
}

/** The last report in the output of the job. */
export function reportIn(output: string): DumpReport | undefined {
  const line = output.split("\n").findLast((one) => one.startsWith('{"dumps":'));
  return line === undefined ? undefined : parseJson<DumpReport>(line);
}

/** The lines on dumps of `up`, `plan` and `status`: the last one, and a rollback that has not ended. */
export function tellDumps(known: KnownDumps | undefined): string[] {
  const last = known?.dumps.at(-1);
  const back = commandLine("rollback");
  return [
    ...(known?.rollback ? [tellBegunRollback(known, known.rollback)] : []),
    ...(last
      ? [
          last.rolledBack === undefined
            ? `Last dump of the database: ${agoText(last.time)}, before ${stepText(last)}. To go back: ${back}`
            : `Last dump of the database: ${agoText(last.time)}, before ${stepText(last)}; rolled back ${agoText(last.rolledBack)}.`,
        ]
      : []),
  ];
}

/** What `up` says before it leaves the MLflow that a rollback has brought back, or goes on in the middle of a rollback. */
export async function tellReturn(deployment: Deployment): Promise<string[]> {
  const known = await knownDumps(deployment);
  if (!known) return [];
  if (known.rollback) return [tellBegunRollback(known, known.rollback)];
  const last = known.dumps.at(-1);
  const { docker, synthesized } = deployment;
  const [image] = synthesized.serverImages;
  const [server] = await docker.containers(synthesized.servers);
  if (last?.rolledBack === undefined || image === undefined || !server) return [];
  if ((await docker.imageId(image)) === (await docker.imageId(server.Config.Image))) return [];
  return [
    `This stack was rolled back ${agoText(last.rolledBack)} to ${fromText(last)}. Now it goes to ${image}, which may migrate the database again.`,
  ];
}

function tellBegunRollback(
  { dumps }: DumpReport,
  { dump, since, isRestored }: NonNullable<DumpReport["rollback"]>,
): string {
  const time = dumps.find(({ id }) => id === dump)?.time;
  const holds = isRestored ? "The database is that of the dump" : "The database is as it was before";
  return [
    `A rollback to the dump ${dump}${time === undefined ? "" : ` of ${timeText(time)}`}, which began ${timeText(since)}, has not ended. ${holds}.`,
    `To finish it: ${commandLine("rollback")}`,
  ].join(" ");
}

/** The step that a dump was made before, such as `MLflow 3.1.0 became 3.2.0`. */
export function stepText({ from, to }: DumpRecord): string {
  return `${fromText({ from })} became ${versionOf(to.image) ?? to.image}`;
}

/** The MLflow of a dump. */
export function fromText({ from }: Pick<DumpRecord, "from">): string {
  const release = from.version || (versionOf(from.image) ?? from.image);
  return release === "" ? "an unknown MLflow" : `MLflow ${release}`;
}

/**
 * The dump that a user means: that of a rollback which has not ended, the one of this number, or the last one.
 *
 * @throws CommandError when there is none, or the last one was restored already.
 */
export function selectDump({ dumps, rollback }: DumpReport, wanted?: string): DumpRecord {
  const id = wanted?.padStart(6, "0") ?? rollback?.dump;
  const found = id === undefined ? dumps.at(-1) : dumps.find((dump) => dump.id === id);
  const list = dumps.map((dump) => `  ${dump.id}  ${timeText(dump.time)}  before ${stepText(dump)}`).join("\n");
  if (!found) {
    throw dumps.length === 0
      ? new CommandError("there is no dump to go back to", "One is made before each migration of the database.")
      : new CommandError(`there is no dump ${wanted}`, `These are there:\n${list}`);
  }
  if (found.rolledBack !== undefined && wanted === undefined && !rollback) {
    throw new CommandError(
      `the last dump, ${found.id}, was restored ${agoText(found.rolledBack)} already`,
      `To restore one again, name it: ${commandLine("rollback", "--dump", found.id)}. These are there:\n${list}`,
    );
  }
  return found;
}
