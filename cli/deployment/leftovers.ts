import { ROLE_LABEL } from "../../lib/contract/container-roles";
import { Run } from "../run/command-run";
import { requireYes } from "../console/prompts";
import { runSteps } from "../console/tasks";
import type { StepDisplay } from "../console/tasks";
import type { Docker } from "../docker/docker";
import { actionOf, changesOf } from "../terraform/json/plan-actions";
import type { Plan } from "../terraform/json/plan-json";
import type { State } from "../terraform/json/state";
import type { Deployment } from "./deployment";

// Between the engine's clock and this machine's.
const CLOCKS = 60_000;

/** A container or a network on the engine that an apply of this stack has left there without writing it to the state. */
export interface Leftover {
  readonly kind: "container" | "network";
  readonly name: string;
  readonly id: string;

  /** Whether it is a one-shot container that still works. */
  readonly isWorking: boolean;
}

/**
 * What applies that were cut off have left: of a name that the apply was to create and that was free then, made while
 * Terraform worked, not in the state, and, if it is a container, with the label of this library.
 */
export async function leftoversOf({ docker, terraform }: Deployment, state: State): Promise<Leftover[]> {
  const applies = Run.current.cutApplies(terraform.folder);
  if (applies.length === 0) return [];
  const known = new Set(state.instances.map(({ attributes }) => attributes.id));
  const isOurs = (name: string, created: string) =>
    applies.some(({ names, since, until = Date.now() }) => {
      const time = Date.parse(created);
      return names.includes(name) && time >= since - CLOCKS && time <= until + CLOCKS;
    });
  const found = await existing(docker, [...new Set(applies.flatMap(({ names }) => names))]);
  return found.filter(({ id, name, created, role, kind }) => {
    return !known.has(id) && isOurs(name, created) && (kind === "network" || role !== undefined);
  });
}

/**
 * Offers to remove the containers and networks whose names a plan needs, and of which no record says whose they are.
 *
 * @throws CommandError when the answer is no.
 */
export async function offerUnknown(docker: Docker, plan: Plan, leftovers: Leftover[]): Promise<Leftover[]> {
  if (!process.stdin.isTTY) return [];
  const wanted = changesOf(plan).filter(
    (change) => actionOf(change) === "create" && /^docker_(container|network)$/.test(change.type),
  );
  const known = new Set(leftovers.map(({ id }) => id));
  const found = await existing(
    docker,
    wanted.map(({ change }) => String(change.after?.name)),
  );
  const unknown = found.filter(({ id, kind, role }) => !known.has(id) && (kind === "network" || role !== undefined));
  for (const { kind, name, created } of unknown) {
    console.log(
      `The ${kind} '${name}', made ${created}, has the name of a ${kind} of this stack, but is not in its state.`,
    );
    await requireYes("Is it this stack's, and no other one's? Then it is removed and recreated.", false);
  }
  return unknown;
}

/**
 * Removes leftovers; the next apply recreates them. They hold no data: data is in volumes, which stay. From then on
 * nothing is left of the applies that were cut off.
 */
export async function removeLeftovers({ docker, terraform }: Deployment, leftovers: Leftover[]): Promise<void> {
  // A network goes after the containers on it.
  const containersFirst = [...leftovers].sort((a, b) => a.kind.localeCompare(b.kind));
  await runSteps(
    containersFirst.map(({ kind, name, id, isWorking }) => ({
      title: `Removing what an interrupted command has left: the ${kind} ${name}`,
      run: async ({ progress }: StepDisplay) => {
        if (isWorking) {
          progress(`${name} ends its work first`);
          await docker.waitFor(id);
        }
        await docker.remove(kind, id);
      },
    })),
  );
  Run.current.endApply(terraform.folder);
}

async function existing(docker: Docker, names: string[]) {
  const [containers, networks] = await Promise.all([docker.containers(names), docker.networks(names)]);
  return [
    ...containers.map(({ Id, Name, Created, State: { Status }, Config }) => {
      const role = Config.Labels?.[ROLE_LABEL];
      // A migration that is cut off may leave a database that neither release can use.
      const isWorking = Status === "running" && role?.endsWith("-job") === true;
      return { kind: "container" as const, name: Name, id: Id, created: Created, role, isWorking };
    }),
    ...networks.map(({ Id, Name, Created }) => {
      return { kind: "network" as const, name: Name, id: Id, created: Created, role: undefined, isWorking: false };
    }),
  ];
}
