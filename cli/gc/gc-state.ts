import { GC_SERVICE_FILE } from "../../lib/contract/garbage";
import type { GcState } from "../../lib/contract/garbage";
import type { SynthesizedStack } from "../app/synthesized-stack";
import { agoText, durationText } from "../console/amounts";
import { commandLine } from "../console/command-line";
import { parseJson } from "../console/parse-json";
import type { Docker } from "../docker/docker";
import { describeCollected } from "./garbage";

/** A stack on its engine. */
export interface GcStack {
  readonly docker: Pick<Docker, "execOutput">;
  readonly synthesized: Pick<SynthesizedStack, "garbageCollectors">;
}

/** What the service that deletes garbage knows; undefined if there is none, or it does not answer. */
export async function knownGarbageCollection({ docker, synthesized }: GcStack): Promise<GcState | undefined> {
  const [container] = synthesized.garbageCollectors;
  if (container === undefined) return undefined;
  const { exitCode, text } = await docker.execOutput(container, ["python", "-I", GC_SERVICE_FILE, "status"]);
  return exitCode === 0 ? parseJson<GcState>(text) : undefined;
}

/** The line of `status` on garbage that is deleted on a schedule. */
export function tellGarbageCollection({ synthesized }: GcStack, known: GcState | undefined): string[] {
  const [container] = synthesized.garbageCollectors;
  if (container === undefined) return [];
  if (!known) return [`The garbage collection does not answer. To see why: docker logs ${container}`];
  const { schedule, olderThanSeconds, last } = known;
  if (!last) {
    return [
      `Garbage that is older than ${durationText(olderThanSeconds)} is deleted by the schedule ${schedule}, in UTC; not yet since the service was made.`,
    ];
  }
  const { time, deleted, message } = last;
  if (message !== undefined) {
    return [
      `The last garbage collection failed ${agoText(time)}: ${message}. To do it now: ${commandLine("gc")}`,
      ...(deleted ? [describeCollected(deleted)] : []),
    ];
  }
  return [
    `Last garbage collection: ${agoText(time)}. ${deleted ? describeCollected(deleted) : "There was nothing to delete."}`,
  ];
}
