import { ContainerRole } from "../../../lib/contract/container-roles";
import type { GatewaySettings } from "../../../lib/contract/gateway-settings";
import { Attributes, nameOf } from "../plan/attributes";
import type { PlannedContainer } from "../plan/container-change";
import { isJob, settingsOf } from "../plan/container";
import type { Downtime } from "../model/model";
import { goSeconds } from "../plan/go-duration";
import type { Schedule, Step } from "../plan/schedule";
import { duration, names, text, words } from "../model/text";
import type { Text } from "../model/text";

const MAX_STEPS = 40;

/** Maximum downtime for users, and its effect on them; undefined if no service is down. */
export function downtimeOf(containers: readonly PlannedContainer[], schedule: Schedule): Downtime | undefined {
  const down = containers.filter(isDown);
  if (down.length === 0) return undefined;
  const seconds = Math.max(...down.map((container) => container.downSeconds ?? 0));
  const unbounded = schedule.unboundedBefore(down.map(({ address }) => address)).map((change): Text => {
    const name = nameOf(change);
    return change.type === "docker_image" ? text`getting the image ${name}` : text`the job ${name}`;
  });
  return { seconds, unbounded, remarks: remarks(containers, down) };
}

/** Seconds after the start of the apply at which each service is up again at the latest, by address. */
export function upAgainAt(schedule: Schedule): Map<string, number> {
  return new Map(
    schedule.steps.filter(({ what }) => what !== "remove").map(({ change, end }) => [change.address, end] as const),
  );
}

/** The steps of the apply on the engine, in order. */
export function orderOf(schedule: Schedule, containers: readonly PlannedContainer[]): Text[] {
  const known = new Map(containers.map((container) => [container.address, container]));
  const groups: { phrase: string; start: number; names: string[] }[] = [];
  for (const step of schedule.steps) {
    const phrase = phraseOf(step, known.get(step.change.address));
    if (!phrase) continue;
    const last = groups.at(-1);
    const name = nameOf(step.change, step.what === "remove" ? Attributes.before(step.change) : undefined);
    if (last?.phrase === phrase && last.start === step.start) last.names.push(name);
    else groups.push({ phrase, start: step.start, names: [name] });
  }
  const lines = groups.slice(0, MAX_STEPS).map((group): Text => [`${group.phrase} `, ...names(group.names)]);
  return groups.length > MAX_STEPS ? [...lines, words(`${groups.length - MAX_STEPS} more steps`)] : lines;
}

function isDown({ action, job, before }: PlannedContainer): boolean {
  return !job && before !== undefined && (action === "replaced" || action === "started");
}

function phraseOf({ change, what }: Step, container: PlannedContainer | undefined): string | undefined {
  const side = container?.after ?? container?.before;
  if (change.type === "docker_container") {
    if (what === "remove") return side && isJob(side) ? undefined : "stop";
    if (what === "update") return container?.action === "started" ? "start" : "change while it runs:";
    return side && isJob(side) ? "run the job" : "start";
  }
  if (what === "update") return undefined;
  if (change.type === "docker_volume") return what === "make" ? "create the volume" : "delete the volume";
  if (change.type === "docker_network") return what === "make" ? "create the network" : "remove the network";
  return change.type === "docker_image" && what === "make" ? "get the image" : undefined;
}

function remarks(containers: readonly PlannedContainer[], down: readonly PlannedContainer[]): Text[] {
  const gateway = containers.find(({ role }) => role === ContainerRole.GATEWAY);
  const settings: GatewaySettings = settingsOf(gateway?.before ?? gateway?.after);
  const upstream = settings.UPSTREAM?.replace(/:\d+$/, "");
  const wait = goSeconds(settings.UPSTREAM_WAIT);
  return down.map(({ name, address, downSeconds = 0 }): Text => {
    const time = duration(downSeconds);
    if (address === gateway?.address)
      return text`${name} is the gateway: connections are refused for up to ${words(time)}.`;
    if (name === upstream && wait > 0)
      return text`${name} is down for up to ${words(time)}: requests wait at the gateway for up to ${words(duration(wait))}, then fail.`;
    return text`${name} is down for up to ${words(time)}.`;
  });
}
