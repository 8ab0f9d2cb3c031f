import { CommandError, ExitCode } from "../console/command-error";
import { commandLine } from "../console/command-line";
import { shellWord } from "../console/shell-word";
import { actionOf, changesOf } from "./json/plan-actions";
import type { Plan, ResourceChange } from "./json/plan-json";
import { mountedBefore, mountedUses, mountersBefore, volumeUses, volumesBefore } from "./json/volume-record";
import type { EngineLookup } from "./engine-lookup";

const VOLUME = "docker_volume";

/** A volume that exists on the engine, that a plan begins to use, and that the state of the stack never had. */
export interface ForeignVolume {
  readonly name: string;

  /** Address of its record, of its resource, or of a container that mounts it. */
  readonly address: string;

  /** When it was made, and what uses it. */
  readonly description: string;

  /** Whether only containers name it: then there is nothing to import. */
  readonly isMountedOnly: boolean;

  /** Addresses that have to leave the state before an import, because they are taken. What they record holds no data. */
  readonly taken: string[];
}

/** The volumes that exist, and that a plan would take over: a container mounts them, and the provider adopts them silently. */
export async function foreignVolumes(plan: Plan, engine: EngineLookup): Promise<ForeignVolume[]> {
  const known = volumesBefore(plan);
  const made = created(plan, VOLUME).map(({ address, change }) => ({
    address,
    name: String(change.after?.name ?? ""),
  }));
  const begun = [
    ...[...volumeUses(plan).filter(({ use }) => use === "begins"), ...made].map((one) => ({
      ...one,
      isMountedOnly: false,
    })),
    ...mountedUses(plan)
      .filter(({ use }) => use === "begins")
      .map((one) => ({ ...one, isMountedOnly: true })),
  ].filter(({ name }) => name !== "" && !known.has(name));
  const found = await Promise.all(
    begun.map(async ({ name, address, isMountedOnly }) => {
      const volume = await engine.volume(name);
      const { description } = volume ?? {};
      return description === undefined
        ? []
        : [{ name, address, description, isMountedOnly, taken: isMountedOnly ? [] : forgetting(plan, address) }];
    }),
  );
  return found.flat();
}

/**
 * Refuses volumes that exist, and that the stack never had.
 *
 * @param allowed names of those that only containers name, and that the user has allowed.
 */
export async function refuseForeignVolumes(
  plan: Plan,
  engine: EngineLookup,
  inFolder: string,
  allowed: readonly string[],
): Promise<void> {
  const foreign = await foreignVolumes(plan, engine);
  const refused = foreign.find(({ name, isMountedOnly }) => !(isMountedOnly && allowed.includes(name)));
  if (!refused) return;
  const { name, address, description, isMountedOnly, taken } = refused;
  throw refusal(
    `the volume '${name}' exists on the engine (${description}), but not in the state of this stack; nothing was changed`,
    [
      "It holds the data of a stack whose state was lost, or of another stack with the same id.",
      ...(isMountedOnly ? [`Only ${address} names it.`] : []),
      "Bring back the state file, if there is one. Else:",
      `  to use the data here:        ${commandLine("up", "--use-volume", shellWord(name))}`,
      ...taken.map((old) => `  or with Terraform, first:    ${inFolder} state rm ${shellWord(old)}`),
      ...(isMountedOnly ? [] : [`  or with Terraform:           ${inFolder} import ${shellWord(address)} ${name}`]),
      isMountedOnly
        ? "  to leave it to its owner:    name another volume in the code"
        : "  to leave it to its owner:    choose another stack id (MLFLOW_STACK=…)",
      `  to delete it for good:       docker volume rm ${name}`,
    ],
  );
}

/** Refuses volumes that the stack had, and that are gone: the provider would make empty ones, and every service would look healthy. */
export async function refuseLostVolumes(plan: Plan, engine: EngineLookup, inFolder: string): Promise<void> {
  const mounted = mountedBefore(plan);
  // A record whose container was never made has no volume yet.
  const isGone = async (name: string) => mounted.has(name) && !(await engine.volume(name));
  for (const { name, address, use } of volumeUses(plan))
    if (use === "goes on" && (await isGone(name))) throw lostData(`the volume '${name}'`, [address], inFolder);
  for (const { name, use } of mountedUses(plan))
    if (use === "goes on" && (await isGone(name)))
      throw lostData(`the volume '${name}'`, mountersBefore(plan, name), inFolder);
}

/** The refusal of data that is gone from the engine. */
export function lostData(what: string, records: string[], inFolder: string): CommandError {
  return refusal(`${what} is in the state but no longer on the engine: its data is not there; nothing was changed`, [
    "Is this the right engine (DOCKER_HOST, docker context)? Else restore the volume under its name.",
    "To begin with an empty one:",
    ...records.map((address) => `  ${inFolder} state rm ${shellWord(address)}`),
  ]);
}

// A record that names another volume keeps Terraform from importing one at its address. It holds no data.
function forgetting(plan: Plan, address: string): string[] {
  return (plan.resource_changes ?? [])
    .filter((change) => change.address === address && change.change.before !== null)
    .map((change) => change.previous_address ?? address);
}

/** The resources of a type that a plan creates. One that is replaced exists under its name already, as it should. */
export function created(plan: Plan, type: string): ResourceChange[] {
  return changesOf(plan).filter((change) => change.type === type && actionOf(change) === "create");
}

/** A refusal, with exit status 2. */
export function refusal(message: string, remedy: string[]): CommandError {
  return new CommandError(message, remedy.join("\n"), ExitCode.dataAtRisk);
}
