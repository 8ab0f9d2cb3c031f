import { CommandError, ExitCode } from "../console/command-error";
import { shellWord } from "../console/shell-word";
import { refuseAnonymousVolumes } from "./anonymous-volumes";
import { dataName, missingData, removedData } from "./json/data-loss";
import { changesOf } from "./json/plan-actions";
import type { Plan, ResourceChange } from "./json/plan-json";
import type { EngineLookup } from "./engine-lookup";
import { created, lostData, refusal, refuseForeignVolumes, refuseLostVolumes } from "./volume-guard";

const CONTAINER = "docker_container";

/** What the user has allowed a plan to do. */
export interface Allowed {
  /** Removes data. Missing volumes, and those of another stack, are still refused. */
  readonly dataLoss?: boolean;

  /** Uses volumes of these names that exist, and that the stack never had. Those with a record are imported instead. */
  readonly volumes?: readonly string[];
}

/**
 * Refuses a plan that would lose or mix up data.
 *
 * @param inFolder the beginning of a line that runs Terraform in the stack's folder.
 * @throws CommandError with exit status 2 when data would be removed, or a volume taken over or missing on the engine.
 */
export async function guardPlan(
  plan: Plan,
  engine: EngineLookup,
  inFolder: string,
  { dataLoss = false, volumes = [] }: Allowed = {},
): Promise<void> {
  if (!dataLoss) {
    refuseRemovedData(plan, inFolder);
    await refuseAnonymousVolumes(plan, engine);
  }
  refuseLostData(plan, inFolder);
  await refuseLostVolumes(plan, engine, inFolder);
  await refuseForeignVolumes(plan, engine, inFolder, volumes);
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

function refuseLostData(plan: Plan, inFolder: string): void {
  const lost = missingData(plan);
  if (lost.length === 0) return;
  throw lostData(
    lost.map(dataName).join(", "),
    lost.map(({ address }) => address),
    inFolder,
  );
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

function addresses(changes: ResourceChange[]): string {
  return changes.map(({ address }) => address).join(", ");
}
