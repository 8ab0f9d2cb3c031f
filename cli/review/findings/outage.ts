import { ContainerRole } from "../../../lib/contract/container-roles";
import type { GatewaySettings } from "../../../lib/contract/gateway-settings";
import type { PlannedContainer } from "../plan/container-change";
import type { DataFinding } from "../model/model";
import { names, text, words } from "../model/text";
import type { Text } from "../model/text";

const MAX_NAMED = 2;

/** What users meet while these services are down, in a clause. */
export function outageOf(down: readonly PlannedContainer[]): Text {
  const isDown = (role: ContainerRole) => down.some((container) => container.role === role);
  const [gateway, server] = [isDown(ContainerRole.GATEWAY), isDown(ContainerRole.SERVER)];
  // A gateway that is up keeps a request for a while, until its server is up.
  if (gateway && server) return words("connections are refused, and requests wait or fail,");
  if (gateway) return words("connections are refused");
  if (server) return words("requests wait or fail");
  if (isDown(ContainerRole.DATABASE)) return words("MLflow answers with errors");
  if (isDown(ContainerRole.OBJECT_STORE)) return words("files cannot be opened or stored");
  if (isDown(ContainerRole.OAUTH2_PROXY)) return words("nobody can log in by single sign-on");
  const others = names(
    down.map(({ name }) => name),
    MAX_NAMED,
  );
  return text`${others} ${words(down.length === 1 ? "is" : "are")} down`;
}

/** Whether uploads and downloads that are under way break off while these services are down. */
export function breaksTransfers(down: readonly PlannedContainer[], { TRANSFERS: transfers }: GatewaySettings): boolean {
  const through: (string | undefined)[] = [ContainerRole.GATEWAY, ContainerRole.OBJECT_STORE];
  if (transfers === "proxied") through.push(ContainerRole.SERVER);
  return down.some(({ role }) => through.includes(role));
}

/**
 * What a training job, an upload and a reader see while these services are down.
 *
 * @param jobs what training jobs meet, see `trainingJobs()`.
 * @param breaksOff see `breaksTransfers()`.
 */
export function meanwhile(down: readonly PlannedContainer[], jobs: readonly Text[], breaksOff: boolean): Text[] {
  const isDown = (role: ContainerRole) => down.some((container) => container.role === role);
  const [gateway, server] = [isDown(ContainerRole.GATEWAY), isDown(ContainerRole.SERVER)];
  const [database, store] = [isDown(ContainerRole.DATABASE), isDown(ContainerRole.OBJECT_STORE)];
  return [
    ...(gateway || server || database ? jobs : []),
    ...(database && !server ? [words("Without its database MLflow answers with errors only.")] : []),
    ...(breaksOff ? [words("An upload or download that is under way breaks off, and has to be started again.")] : []),
    ...(store && !gateway ? [words("Without its store MLflow opens no files; runs and metrics stay readable.")] : []),
    ...(isDown(ContainerRole.OAUTH2_PROXY)
      ? [words("Nobody can log in by single sign-on meanwhile, and pages of those who are logged in do not load.")]
      : []),
  ];
}

/** When images come onto the engine. */
export function fetching(images: readonly string[]): Text[] {
  if (images.length === 0) return [];
  return [
    text`Before anything stops, ${names(images)} ${words(images.length === 1 ? "is" : "are")} fetched: if that fails, nothing changes. Only ${"terraform apply"} without ${"mlflow-stack"} may stop a service first.`,
  ];
}

/** The state in which a failed step leaves the stack. */
export function failing(data: readonly DataFinding[]): Text[] {
  const start = "If a step fails, nothing is taken back";
  if (data.some(({ staysDown }) => staysDown))
    return [words(`${start} by itself: only the way back leads there that stands with the data.`)];
  const migrated = data.find(({ content, effect }) => content === "records" && effect === "changed");
  if (!migrated)
    return [
      words(`${start}: what was stopped stays down until an apply of this code, or of the code of before, succeeds.`),
    ];
  const copy = migrated.isDumped ? text`${"mlflow-stack rollback"}` : words("the backup");
  return [
    text`${words(start)}: what was stopped stays down until an apply of this change succeeds. Once the database is changed, the code of before helps only together with ${copy}.`,
  ];
}
