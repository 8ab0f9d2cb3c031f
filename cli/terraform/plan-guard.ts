import { CommandError, ExitCode } from "../console/command-error";
import { shellWord } from "../console/shell-word";
import { dataName, missingData, removedData } from "./json/data-loss";
import { actionOf, changesOf } from "./json/plan-actions";
import type { Plan, ResourceChange } from "./json/plan-json";
import { mountedBefore, volumeUses, volumesBefore } from "./json/volume-record";

const VOLUME = "docker_volume";
const CONTAINER = "docker_container";

/** A volume, container or network that the engine already has under a name of the plan. */
export interface Found {
  /** When it was made, and what uses it. */
  readonly description: string;
}

/** Looks up what the engine already has. */
export interface EngineLookup {
  /** A volume of this name. */
  volume(name: string): Promise<Found | undefined>;

  /** A container of this name, running or not. */
  container(name: string): Promise<Found | undefined>;

  /** A network of this name. */
  network(name: string): Promise<Found | undefined>;
}

/**
 * Refuses a plan that would lose or mix up data.
 *
 * @param inFolder the beginning of a line that runs Terraform in the stack's folder.
 * @param allowDataLoss lets the plan remove data. Missing volumes, and those of another stack, are still refused.
 * @throws CommandError with exit status 2 when data would be removed, or a volume taken over or missing on the engine.
 */
export async function guardPlan(
  plan: Plan,
  engine: EngineLookup,
  inFolder: string,
  allowDataLoss = false,
): Promise<void> {
  if (!allowDataLoss) refuseRemovedData(plan, inFolder);
  refuseLostData(plan, inFolder);
  await refuseLostVolumes(plan, engine, inFolder);
  await refuseForeignVolumes(plan, engine, inFolder);
  await refuseForeign("container", plan, engine, inFolder);
  await refuseForeign("network", plan, engine, inFolder);
}

/**
 * Refuses a plan for `down` that would touch anything but containers and networks.
 *
 * @throws CommandError with exit status 2.
 */
export function guardRemoval(plan: Plan): void {
  const others = changesOf(plan).filter(({ type }) => type !== CONTAINER && type !== "docker_network");
  if (others.length === 0) return;
  throw new CommandError(
    `taking the services down would also change ${addresses(others)}; nothing was changed`,
    undefined,
    ExitCode.dataAtRisk,
  );
}

function refuseRemovedData(plan: Plan, inFolder: string): void {
  const removed = removedData(plan);
  if (removed.length === 0) return;
  throw refusal(`this would delete ${removed.map(dataName).join(", ")} and the data in it; nothing was changed`, [
    "To keep it where it is, outside of the stack:",
    ...removed.map(({ address }) => `  ${inFolder} state rm ${shellWord(address)}`),
    "To delete it, or when it holds no data: --allow-data-loss.",
  ]);
}

// The provider would make an empty volume, and every service would look healthy.
async function refuseLostVolumes(plan: Plan, engine: EngineLookup, inFolder: string): Promise<void> {
  const mounted = mountedBefore(plan);
  for (const { name, address, use } of volumeUses(plan)) {
    // A record whose container was never made has no volume yet.
    if (use !== "goes on" || !mounted.has(name) || (await engine.volume(name))) continue;
    throw lostData(`the volume '${name}'`, [address], inFolder);
  }
}

function refuseLostData(plan: Plan, inFolder: string): void {
  const lost = missingData(plan);
  if (lost.length === 0) return;
  throw lostData(
    lost.map(dataName).join(", "),
    lost.map(({ address }) => address),
    inFolder,
  );
}

function lostData(what: string, records: string[], inFolder: string): CommandError {
  return refusal(`${what} is in the state but no longer on the engine: its data is not there; nothing was changed`, [
    "Is this the right engine (DOCKER_HOST, docker context)? Else restore the volume under its name.",
    "To begin with an empty one:",
    ...records.map((address) => `  ${inFolder} state rm ${shellWord(address)}`),
  ]);
}

// A container mounts a volume that exists, and the provider silently adopts it.
async function refuseForeignVolumes(plan: Plan, engine: EngineLookup, inFolder: string): Promise<void> {
  const known = volumesBefore(plan);
  const made = created(plan, VOLUME).map(({ address, change }) => ({
    address,
    name: String(change.after?.name ?? ""),
  }));
  for (const { name, address } of [...volumeUses(plan).filter(({ use }) => use === "begins"), ...made]) {
    const found = name === "" || known.has(name) ? undefined : await engine.volume(name);
    if (!found) continue;
    throw refusal(
      `the volume '${name}' exists on the engine (${found.description}), but not in the state of this stack; nothing was changed`,
      [
        "It holds the data of a stack whose state was lost, or of another stack with the same id.",
        "Bring back the state file, if there is one. Else:",
        "  to use the data here:        " + `${inFolder} import ${shellWord(address)} ${name}`,
        "  to leave it to its owner:    choose another stack id (MLFLOW_STACK=…)",
        "  to delete it for good:       " + `docker volume rm ${name}`,
      ],
    );
  }
}

async function refuseForeign(
  kind: "container" | "network",
  plan: Plan,
  engine: EngineLookup,
  inFolder: string,
): Promise<void> {
  for (const change of created(plan, `docker_${kind}`)) {
    const name = String(change.change.after?.name ?? "");
    const found = await engine[kind](name);
    if (!found) continue;
    const remove = kind === "container" ? `docker rm --force ${name}` : `docker network rm ${name}`;
    throw new CommandError(
      `the ${kind} '${name}' exists on the engine (${found.description}), but not in the state of this stack`,
      [
        "It belongs to a stack whose state was lost, or to another stack with the same id.",
        `Remove it (${remove}), import it (${inFolder} import ${shellWord(change.address)} ID),`,
        "or choose another stack id (MLFLOW_STACK=…).",
      ].join("\n"),
    );
  }
}

// A container that is replaced exists under its name already, as it should.
function created(plan: Plan, type: string): ResourceChange[] {
  return changesOf(plan).filter((change) => change.type === type && actionOf(change) === "create");
}

function addresses(changes: ResourceChange[]): string {
  return changes.map(({ address }) => address).join(", ");
}

function refusal(message: string, remedy: string[]): CommandError {
  return new CommandError(message, remedy.join("\n"), ExitCode.dataAtRisk);
}
