import { ContainerRole } from "../../../lib/contract/container-roles";
import type { ResourceChange } from "../../terraform/json/plan-json";
import { Attributes } from "./attributes";
import { isJob, isStarted, roleOf } from "./container";

// Seconds that add up to what bench/README.md has measured of a whole stack on an idle machine: 17 s from nothing to the
// first answer, and 7 s down.
const USUAL: { readonly [role: string]: { readonly make: number; readonly remove: number } } = {
  [ContainerRole.DATABASE]: { make: 4, remove: 1 },
  [ContainerRole.OBJECT_STORE]: { make: 3, remove: 1 },
  [ContainerRole.BUCKET_JOB]: { make: 2, remove: 0 },
  [ContainerRole.DUMP_JOB]: { make: 2, remove: 0 },
  [ContainerRole.MIGRATION_JOB]: { make: 5, remove: 0 },
  [ContainerRole.SERVER]: { make: 6, remove: 1 },
  [ContainerRole.GATEWAY]: { make: 2, remove: 1 },
};
// Seconds that an engine takes to remove, create or connect a container or a network, besides the program in it.
const ALLOWANCE = 5;
// The provider looks at a network only two seconds after it was made or removed.
const USUAL_FOR_NETWORK = 2;
const NO_TIME = { seconds: 0, isUnbounded: false };

/** Which times a schedule has: those after which a step fails, or those that are usual. */
export type Times = "bound" | "usual";

/** Seconds that it takes to make or update a resource. */
export function makingTime(
  change: ResourceChange,
  what: "make" | "update",
  times: Times,
): { seconds: number; isUnbounded: boolean } {
  const after = Attributes.after(change);
  if (!after || (what === "update" && !isStarted(change))) return NO_TIME;
  if (change.type === "docker_network") return { seconds: networkTime(times), isUnbounded: false };
  // An image of a registry is on the engine before the apply begins. Building has no limit.
  if (change.type === "docker_image")
    return isBuilt(change) ? { seconds: times === "usual" ? NaN : 0, isUnbounded: true } : NO_TIME;
  if (change.type !== "docker_container") return NO_TIME;
  if (times === "usual") return { seconds: usualSeconds(after, "make"), isUnbounded: false };
  const patience = after.value("wait") === true ? (after.number("wait_timeout") ?? 60) : 0;
  return { seconds: ALLOWANCE + patience, isUnbounded: isJob(after) };
}

/** Seconds that it takes to remove a resource. */
export function removingTime(change: ResourceChange, times: Times): number {
  const before = Attributes.before(change);
  if (change.type === "docker_network") return networkTime(times);
  if (change.type !== "docker_container") return 0;
  if (times === "usual") return before ? usualSeconds(before, "remove") : 0;
  return ALLOWANCE + (before?.number("destroy_grace_seconds") ?? 0);
}

function networkTime(times: Times): number {
  return times === "usual" ? USUAL_FOR_NETWORK : ALLOWANCE;
}

/** Whether an apply builds an image, and does not only take it from a registry. */
export function isBuilt({ change }: ResourceChange): boolean {
  return Array.isArray(change.after?.build) && change.after.build.length > 0;
}

/** Seconds that it usually takes to make a container until it is healthy, or to remove it; NaN if nobody knows. */
function usualSeconds(container: Attributes, what: "make" | "remove"): number {
  return USUAL[roleOf(container) ?? ""]?.[what] ?? NaN;
}
