import { ContainerRole, ROLE_LABEL } from "../../lib/contract/container-roles";
import { shellWord } from "../console/shell-word";
import { actionOf, changesOf } from "./json/plan-actions";
import type { Plan, Values } from "./json/plan-json";
import type { EngineLookup } from "./engine-lookup";
import { refusal } from "./volume-guard";

// The library's own containers keep their data in volumes with a name, or have none.
const WITHOUT_DATA: readonly unknown[] = Object.values(ContainerRole);

/** Refuses to remove or replace containers of the user's own with volumes without a name: the provider deletes those. */
export async function refuseAnonymousVolumes(plan: Plan, engine: EngineLookup): Promise<void> {
  const found = await engine.anonymousVolumes(emptiedContainers(plan));
  if (found.length === 0) return;
  throw refusal(
    `this would delete ${found.map(({ container, path }) => `what the container '${container}' has in ${path}`).join(", ")}, a volume without a name; nothing was changed`,
    [
      "To keep it, copy it into a volume with a name, and mount that one in the code:",
      ...found.map(
        ({ container, path }) =>
          `  docker run --rm --volumes-from ${container} --volume NAME:/copy --entrypoint cp IMAGE -a ${shellWord(`${path}/.`)} /copy`,
      ),
      "To delete it, or when it holds no data: --allow-data-loss.",
    ],
  );
}

/** Names of the containers of the user's own that a plan removes or replaces, together with their volumes without a name. */
export function emptiedContainers(plan: Plan): string[] {
  return changesOf(plan).flatMap((change) => {
    const { before } = change.change;
    const isRemoved = change.type === "docker_container" && /delete|replace/.test(actionOf(change));
    if (!isRemoved || !before || before.remove_volumes === false || WITHOUT_DATA.includes(roleOf(before))) return [];
    return typeof before.name === "string" ? [before.name] : [];
  });
}

function roleOf({ labels }: Values): unknown {
  const all = Array.isArray(labels) ? (labels as { label?: unknown; value?: unknown }[]) : [];
  return all.find(({ label }) => label === ROLE_LABEL)?.value;
}
