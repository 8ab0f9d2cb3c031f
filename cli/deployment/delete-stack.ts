import { IDENTITY_VALUE } from "../../lib/contract/store-identity";
import { Run } from "../run/command-run";
import { CommandError, ExitCode } from "../console/command-error";
import { commandLine } from "../console/command-line";
import { isWordTyped } from "../console/prompts";
import { runStep } from "../console/tasks";
import type { Docker } from "../docker/docker";
import { applyPlan } from "../terraform/apply-plan";
import { summarize } from "../terraform/json/describe-plan";
import type { Plan } from "../terraform/json/plan-json";
import type { State, StateInstance } from "../terraform/json/state";
import { volumesOf } from "../terraform/json/volume-record";
import { guardRemoval } from "../terraform/plan-guard";
import type { Terraform } from "../terraform/terraform";
import type { Deployment } from "./deployment";

/** The containers and networks of a state. */
export function servicesOf(state: State): StateInstance[] {
  return [...state.ofType("docker_container"), ...state.ofType("docker_network")];
}

/**
 * Removes the containers and networks of a state.
 *
 * @param guard refuses the plan.
 */
export async function destroyServices(
  terraform: Terraform,
  state: State,
  guard?: (plan: Plan) => Promise<void>,
): Promise<void> {
  const targets = servicesOf(state).map(({ address }) => `-target=${address}`);
  if (targets.length === 0) return;
  await terraform.withPlan(["-destroy", ...targets], async (saved) => {
    guardRemoval(saved.plan);
    await guard?.(saved.plan);
    await applyPlan(terraform, saved, `Removing the services (${summarize(saved.plan)})`);
  });
}

/**
 * Deletes a stack with its volumes, its secrets and its state. The records go last, because they have the names of the
 * volumes: whatever cuts this off, the next run finds them.
 *
 * @throws CommandError when a container of another stack uses a volume. Then no volume is deleted.
 */
export async function deleteStack({ docker }: Deployment, terraform: Terraform, state: State): Promise<void> {
  const { own } = volumesOf(state);
  await destroyServices(terraform, state);
  for (const name of own) await docker.requireUnused(name);

  Run.current.beginDeletion(terraform.folder);
  await forgetIdentities(terraform, state);
  await deleteVolumes(docker, own);
  await terraform.withPlan(["-destroy"], (saved) =>
    applyPlan(terraform, saved, `Deleting the rest of the stack (${summarize(saved.plan)})`),
  );
  Run.current.endDeletion(terraform.folder);
}

/**
 * Offers to finish a deletion that was cut off when some volumes were gone. If none is left, the stack begins anew.
 *
 * @throws CommandError with exit status 2 when a part of the data is gone, and the answer is no.
 */
export async function offerDeletion(deployment: Deployment, terraform: Terraform): Promise<void> {
  if (!Run.current.isDeletionCut(terraform.folder)) return;
  const { docker, name } = deployment;
  const state = await terraform.state();
  const { own } = volumesOf(state);
  const left = (await docker.volumes(own)).map(({ Name }) => Name);
  const gone = own.filter((volume) => !left.includes(volume));
  if (left.length === 0 || gone.length === 0) return Run.current.endDeletion(terraform.folder);

  const what = `'down --delete-data' of stack '${name}' was cut off: its data in ${gone.join(", ")} is gone, and that in ${left.join(", ")} is left`;
  if (!(await isWordTyped(`${what}. Delete that, too?`, name))) {
    const finish = commandLine("down", "--delete-data");
    throw new CommandError(
      what,
      `To delete that, too: ${finish}. Or restore what is gone under its name.`,
      ExitCode.dataAtRisk,
    );
  }
  await deleteStack(deployment, terraform, state);
}

// Before the volumes: a later `up` refuses empty stores if their identity is older than an hour.
async function forgetIdentities(terraform: Terraform, state: State): Promise<void> {
  const targets = state.ofType("terraform_data").flatMap(({ address, attributes: { output } }) => {
    const { value } = (output ?? {}) as { value?: unknown };
    return IDENTITY_VALUE.test(String(value ?? output)) ? [`-target=${address}`] : [];
  });
  if (targets.length === 0) return;
  await terraform.withPlan(["-destroy", ...targets], (saved) =>
    applyPlan(terraform, saved, "Forgetting which data was the stack's"),
  );
}

async function deleteVolumes(docker: Docker, names: string[]): Promise<void> {
  const found = (await docker.volumes(names)).map(({ Name }) => Name);
  if (found.length === 0) return;
  await runStep(`Deleting ${found.length === 1 ? "the volume" : "the volumes"} ${found.join(", ")}`, async () => {
    for (const name of found) await docker.removeVolume(name);
  });
}
