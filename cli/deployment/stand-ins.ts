import { ContainerRole } from "../../lib/contract/container-roles";
import { isBuiltHere } from "../../offline/image-notes";
import type { Environment } from "../app/environment";
import { CommandError } from "../console/command-error";
import { commandLine } from "../console/command-line";
import { Attributes } from "../review/plan/attributes";
import { Configuration } from "../review/plan/configuration";
import { roleOf } from "../review/plan/container";
import { Engine } from "../review/plan/docker-objects";
import type { Plan } from "../terraform/json/plan-json";

/** A container whose image was built here before the plan and not after it, or the other way round. */
export interface SwappedImage {
  readonly container: string;
  readonly isDatabase: boolean;
  readonly before: string;
  readonly after: string;
}

/** The containers of a plan whose image changes between one that was built here and one of a registry. */
export function swappedImages(plan: Plan): SwappedImage[] {
  const engine = new Engine(plan, new Configuration(plan));
  return (plan.resource_changes ?? []).flatMap((change) => {
    const [old, now] = [Attributes.before(change), Attributes.after(change)];
    if (change.type !== "docker_container" || !old || !now) return [];
    const [before, after] = [engine.imageBefore(old), engine.imageAfter(change.address, now)];
    if (before === undefined || after === undefined || isBuiltHere(before) === isBuiltHere(after)) return [];
    const container = old.text("name") ?? change.address;
    return [{ container, isDatabase: roleOf(old) === ContainerRole.DATABASE, before, after }];
  });
}

/** Lines about images that change between those built here and those of a registry. */
export function notesOnSwaps(plan: Plan): string[] {
  return swappedImages(plan).map(({ container, before, after, isDatabase }) => {
    const effect = isDatabase ? ": it does not start on the data of the other one" : "";
    return `Warning: ${container} gets ${describe(after)} in place of ${describe(before)}${effect}`;
  });
}

/**
 * Stops if a database would get an image built here in place of another one, or the other way round, and nobody has
 * named that image: the owner of its files differs, so it does not start.
 *
 * @param environment the user's own; an image that it names is used.
 */
export function keepDatabaseImage(plan: Plan, environment: Environment): void {
  const named = Object.values(environment);
  const swap = swappedImages(plan).find(({ isDatabase, after }) => isDatabase && !named.includes(after));
  if (!swap) return;
  const { container, before, after } = swap;
  throw new CommandError(
    `the database ${container} would get ${describe(after)} in place of ${describe(before)}, and does not start on the data of the other one; nothing was changed`,
    [
      `To keep it: POSTGRES_IMAGE=${before}${isBuiltHere(before) ? `, or ${commandLine("up", "--offline")}` : ""}`,
      "To change it, back up, make the stack anew, and restore: docs/data.md.",
      `If the data fits all the same, name the image: POSTGRES_IMAGE=${after}`,
    ].join("\n"),
  );
}

function describe(image: string): string {
  return `${image} (${isBuiltHere(image) ? "built here" : "not built here"})`;
}
