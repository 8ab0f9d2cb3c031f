import { CommandError } from "../console/command-error";
import { commandLine } from "../console/command-line";
import { Deployment } from "../deployment/deployment";
import { engineLookup } from "../deployment/engine-lookup";
import { refuseAnonymousVolumes } from "../terraform/anonymous-volumes";
import { deleteStack, destroyServices, servicesOf } from "../deployment/delete-stack";
import { leftoversOf, removeLeftovers } from "../deployment/leftovers";
import { backupRemoval } from "../terraform/state-copies";
import { askForName, requireYes } from "../console/prompts";
import type { State } from "../terraform/json/state";
import type { Terraform } from "../terraform/terraform";
import { volumesOf } from "../terraform/json/volume-record";

/** Options of `down`. */
export interface DownOptions {
  /** Id of the stack, if the app has several. */
  readonly stack?: string;

  /** Answers every question with yes. */
  readonly yes?: boolean;

  /** Deletes volumes, generated secrets and state as well. */
  readonly deleteData?: boolean;

  /** Deletes volumes without a name, too, which containers of the user's own have. */
  readonly allowDataLoss?: boolean;

  /** Id of the stack, typed once more: deletes its data without a prompt for it. */
  readonly confirm?: string;
}

/** Removes the services of a stack. Data, secrets and state stay for the next `up`, unless `deleteData` is set. */
export async function down(options: DownOptions): Promise<void> {
  const deployment = await Deployment.synthesize(options.stack);
  await deployment.docker.info();
  const terraform = await deployment.requireTerraform();
  await (options.deleteData ? deleteData : removeServices)(deployment, terraform, options);
}

async function removeServices(
  deployment: Deployment,
  terraform: Terraform,
  { allowDataLoss }: DownOptions,
): Promise<void> {
  const { name } = deployment;
  const state = await terraform.state();
  await removeLeftovers(deployment, await leftoversOf(deployment, state));
  if (servicesOf(state).length === 0) return console.log(`Stack '${name}' has no services here: nothing to do.`);

  await destroyServices(terraform, state, async (plan) => {
    if (!allowDataLoss) await refuseAnonymousVolumes(plan, engineLookup(deployment.docker));
  });
  const { own, mounted } = volumesOf(state);
  console.log(
    [
      "",
      `Stack '${name}' is down. Its secrets stay in the Terraform state, its data in: ${[...own, ...mounted].sort().join(", ") || "no volume"}.`,
      `  To start it again:       ${commandLine("up")}`,
      `  To delete data as well:  ${commandLine("down", "--delete-data")}`,
    ].join("\n"),
  );
}

async function deleteData(deployment: Deployment, terraform: Terraform, options: DownOptions): Promise<void> {
  const { name, synthesized } = deployment;
  const state = await terraform.state();
  const leftovers = await leftoversOf(deployment, state);
  if (state.instances.length === 0 && leftovers.length === 0)
    return console.log(`Stack '${name}' is not deployed: nothing to do.`);

  requireDestroyable(synthesized.protectedResources, state);
  const { own, mounted } = volumesOf(state);
  console.log(
    `This deletes stack '${name}' for good: its services, its secrets, and the data in: ${own.join(", ") || "no volume"}.`,
  );
  if (mounted.length > 0) console.log(`It keeps what its containers mount alone: ${mounted.join(", ")}.`);
  await requireName(name, options);
  await removeLeftovers(deployment, leftovers);

  await deleteStack(deployment, terraform, state);
  const kept = synthesized.hostPaths.map((path) => `  ${path} on the engine's host`);
  console.log(
    [
      "",
      `Stack '${name}' is deleted. Its images stay on the engine.`,
      ...(kept.length > 0 ? ["Not deleted, because Docker does not manage them:", ...kept] : []),
      ...(mounted.length > 0
        ? ["Not deleted, because containers of the stack only mounted them, and another stack may own them:"]
        : []),
      ...mounted.map((volume) => `  docker volume rm ${volume}`),
      ...backupRemoval(synthesized.stateFile),
    ].join("\n"),
  );
}

// Before anything is deleted: Terraform would refuse them in the end, when the data is gone.
function requireDestroyable(protectedResources: string[], state: State): void {
  const addresses = state.instances.map(({ address }) => address.replace(/\[[^\]]*\]$/, ""));
  const refused = protectedResources.filter((address) => addresses.includes(address));
  if (refused.length === 0) return;
  throw new CommandError(
    `Terraform may not destroy ${refused.join(", ")} ('prevent_destroy'); nothing was changed`,
    "Take that out of the code, or the resource out of the state, and delete it yourself.",
  );
}

async function requireName(name: string, { yes, confirm }: DownOptions): Promise<void> {
  const given = confirm ?? (yes ? undefined : await askForName(`Type the name of the stack to delete it:`));
  if (given === undefined) throw new CommandError("--yes is not enough to delete data", `Add --confirm ${name}.`);
  if (given !== name) throw new CommandError(`'${given}' is not the name of the stack; nothing was changed`);
  if (confirm !== undefined) await requireYes("Delete it?", yes ?? false);
}
