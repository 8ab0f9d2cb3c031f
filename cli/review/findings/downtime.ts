import { ContainerRole } from "../../../lib/contract/container-roles";
import type { GatewaySettings } from "../../../lib/contract/gateway-settings";
import type { ResourceChange } from "../../terraform/json/plan-json";
import { Attributes, nameOf } from "../plan/attributes";
import type { PlannedContainer } from "../plan/container-change";
import { isJob, settingsOf } from "../plan/container";
import type { DataFinding, Downtime } from "../model/model";
import { goSeconds } from "../plan/go-duration";
import { breaksTransfers, failing, fetching, meanwhile, outageOf } from "./outage";
import { trainingJobs } from "./training-jobs";
import { isBuilt } from "../plan/step-times";
import type { Schedule, Step } from "../plan/apply-schedule";
import { duration, names, text, words } from "../model/text";
import type { Text } from "../model/text";

const MAX_STEPS = 40;

/** Maximum downtime for users, and its effect on them; undefined if no service is down. */
export function downtimeOf(
  containers: readonly PlannedContainer[],
  schedule: Schedule,
  usual: Schedule,
  data: readonly DataFinding[],
): Downtime | undefined {
  const down = containers.filter(isDown);
  if (down.length === 0) return undefined;
  const seconds = Math.max(...down.map((container) => container.downSeconds ?? 0));
  const addresses = new Set(down.map(({ address }) => address));
  const usualSeconds = Math.max(...secondsAway(usual, addresses));
  const staysDown = data.some((finding) => finding.staysDown);
  const unless = unlessOf(data);
  const gateway = containers.find(({ role }) => role === ContainerRole.GATEWAY);
  const breaksOff = breaksTransfers(down, settingsOf(gateway?.before ?? gateway?.after));
  const unbounded = staysDown ? [] : schedule.unboundedBefore(down.map(({ address }) => address)).map(workOf);
  const fetched = schedule.steps.flatMap(({ change, what }) =>
    change.type === "docker_image" && what === "make" && !isBuilt(change) ? [nameOf(change)] : [],
  );
  return {
    outage: outageOf(down),
    ...(Number.isFinite(usualSeconds) && { usualSeconds }),
    seconds,
    unbounded,
    staysDown,
    ...(unless && { unless }),
    remarks: [
      ...remarks(containers, down, staysDown),
      ...meanwhile(down, trainingJobs(containers, data, { staysDown, unbounded, seconds }, breaksOff), breaksOff),
      ...fetching(fetched),
      ...failing(data),
    ],
  };
}

// What MLflow starts with, if each finding by which it stays down has such a condition.
function unlessOf(data: readonly DataFinding[]): Text | undefined {
  const reasons = data.filter(({ staysDown }) => staysDown);
  return reasons.every(({ unless }) => unless) ? reasons[0]?.unless : undefined;
}

/** A container with how long it is down: not at all, for some seconds, without a limit, or for good. */
export function withTimes(
  container: PlannedContainer,
  schedule: Schedule,
  back: ReadonlyMap<string, number>,
): PlannedContainer {
  const { address, action } = container;
  if (action !== "replaced" && action !== "started") return container;
  const isUnbounded = schedule.hasNoLimit(address);
  return { ...container, downSeconds: back.get(address), ...(isUnbounded && { isUnbounded }) };
}

/** What a container is like if MLflow stays down: of its server and database no time is known. */
export function withoutTimes(container: PlannedContainer): PlannedContainer {
  return isEndless(container) ? { ...container, downSeconds: undefined, isUnbounded: undefined } : container;
}

function isEndless({ role }: PlannedContainer): boolean {
  return role === ContainerRole.SERVER || role === ContainerRole.DATABASE;
}

function workOf(change: ResourceChange): Text {
  const name = nameOf(change);
  return change.type === "docker_image" ? text`building the image ${name}` : text`the job ${name}`;
}

// Seconds from the stop of each container until it is healthy again.
function secondsAway(schedule: Schedule, addresses: ReadonlySet<string>): number[] {
  const stopped = new Map<string, number>();
  const seconds: number[] = [];
  for (const { change, what, start, end } of schedule.steps) {
    if (!addresses.has(change.address)) continue;
    if (what === "remove") stopped.set(change.address, start);
    else seconds.push(end - (stopped.get(change.address) ?? start));
  }
  return seconds;
}

/** Seconds after the start of the apply at which each service is up again at the latest, by address. */
export function upAgainAt(schedule: Schedule): Map<string, number> {
  return new Map(
    schedule.steps.filter(({ what }) => what !== "remove").map(({ change, end }) => [change.address, end] as const),
  );
}

/** The steps of the apply on the engine, in order, as far as it gets. */
export function orderOf(
  schedule: Schedule,
  containers: readonly PlannedContainer[],
  data: readonly DataFinding[],
): Text[] {
  const isMigrated = containers.some(
    ({ role, action }) => role === ContainerRole.MIGRATION_JOB && action !== "nothing",
  );
  const fails = isMigrated && data.some(({ staysDown, unless }) => staysDown && !unless);
  const known = new Map(containers.map((container) => [container.address, container]));
  const groups: { phrase: string; start: number; names: string[] }[] = [];
  // Images are fetched before anything stops.
  const isFetch = ({ change, what }: Step) => change.type === "docker_image" && what === "make" && !isBuilt(change);
  const steps = [...schedule.steps.filter(isFetch), ...schedule.steps.filter((step) => !isFetch(step))];
  for (const step of steps) {
    const phrase = phraseOf(step, known.get(step.change.address), fails);
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

function phraseOf({ change, what }: Step, container: PlannedContainer | undefined, fails: boolean): string | undefined {
  const side = container?.after ?? container?.before;
  if (change.type === "docker_container") {
    if (what === "remove") return side && isJob(side) ? undefined : "stop";
    if (what === "update" && container?.action === "started") return "start";
    // Other changes are of the state only.
    if (what === "update") return container?.action === "updated" ? "change while it runs:" : undefined;
    if (fails && container?.role === ContainerRole.MIGRATION_JOB) return "run the job, which fails:";
    if (fails && container?.role === ContainerRole.SERVER) return undefined;
    return side && isJob(side) ? "run the job" : "start";
  }
  if (what === "update") return undefined;
  if (change.type === "docker_volume") return what === "make" ? "create the volume" : "delete the volume";
  if (change.type === "docker_network") return what === "make" ? "create the network" : "remove the network";
  if (change.type !== "docker_image" || what !== "make") return undefined;
  return isBuilt(change) ? "build the image" : "get the image";
}

function remarks(
  containers: readonly PlannedContainer[],
  down: readonly PlannedContainer[],
  staysDown: boolean,
): Text[] {
  const gateway = containers.find(({ role }) => role === ContainerRole.GATEWAY);
  const settings: GatewaySettings = settingsOf(gateway?.before ?? gateway?.after);
  const upstream = settings.UPSTREAM?.replace(/:\d+$/, "");
  const wait = goSeconds(settings.UPSTREAM_WAIT);
  const where = down.some(({ address }) => address === gateway?.address)
    ? "once the gateway is up again, requests wait there"
    : "requests wait at the gateway";
  return down.map((container): Text => {
    const { name, address, downSeconds = 0, isUnbounded } = container;
    if (staysDown && isEndless(container)) return text`${name} goes down, and MLflow stays down.`;
    const time = words(isUnbounded ? "without an upper limit" : `for up to ${duration(downSeconds)}`);
    if (address === gateway?.address) return text`${name} is the gateway: connections are refused ${time}.`;
    if (name === upstream && wait > 0)
      return text`${name} is down ${time}: ${words(where)} for up to ${words(duration(wait))}, then fail.`;
    return text`${name} is down ${time}.`;
  });
}
