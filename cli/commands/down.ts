import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { applyPlan } from "../terraform/apply-plan";
import { CommandError } from "../console/command-error";
import { commandLine } from "../console/command-line";
import { Deployment } from "../deployment/deployment";
import { summarize } from "../terraform/describe-plan";
import { guardRemoval } from "../terraform/plan-guard";
import { askForName, requireYes } from "../console/prompts";
import type { Terraform } from "../terraform/terraform";

const OVERRIDE_FILE = "delete-data_override.tf.json";

/** Options of `down`. */
export interface DownOptions {
  /** Id of the stack, if the app has several. */
  readonly stack?: string;

  /** Answers every question with yes. */
  readonly yes?: boolean;

  /** Deletes volumes, generated secrets and state as well. */
  readonly deleteData?: boolean;

  /** Id of the stack, typed once more: deletes its data without a prompt for it. */
  readonly confirm?: string;
}

/** Removes the services of a stack. Data, secrets and state stay for the next `up`, unless `deleteData` is set. */
export async function down(options: DownOptions): Promise<void> {
  const deployment = await Deployment.synthesize(options.stack);
  await deployment.docker.info();
  const terraform = await deployment.requireTerraform();
  await (options.deleteData ? deleteData(deployment, terraform, options) : removeServices(deployment, terraform));
}

async function removeServices({ name }: Deployment, terraform: Terraform): Promise<void> {
  const state = await terraform.state();
  const services = [...state.ofType("docker_container"), ...state.ofType("docker_network")];
  if (services.length === 0) return console.log(`Stack '${name}' has no services here: nothing to do.`);

  const targets = services.map(({ address }) => `-target=${address}`);
  await terraform.withPlan(["-destroy", ...targets], async (saved) => {
    guardRemoval(saved.plan);
    await applyPlan(terraform, saved, `Removing the services (${summarize(saved.plan)})`);
  });
  const volumes = state.ofType("docker_volume").map(({ attributes }) => String(attributes.name));
  console.log(
    [
      "",
      `Stack '${name}' is down. Its secrets stay in the Terraform state, its data in: ${volumes.join(", ") || "no volume"}.`,
      `  To start it again:       ${commandLine("up")}`,
      `  To delete data as well:  ${commandLine("down", "--delete-data")}`,
    ].join("\n"),
  );
}

async function deleteData(deployment: Deployment, terraform: Terraform, options: DownOptions): Promise<void> {
  const { name, synthesized } = deployment;
  const state = await terraform.state();
  if (state.instances.length === 0) return console.log(`Stack '${name}' is not deployed: nothing to do.`);

  const volumes = state.ofType("docker_volume").map(({ attributes }) => String(attributes.name));
  console.log(
    `This deletes stack '${name}' for good: its services, its secrets, and the data in: ${volumes.join(", ") || "no volume"}.`,
  );
  await requireName(name, options);

  const override = join(terraform.folder, OVERRIDE_FILE);
  await writeFile(override, JSON.stringify(synthesized.unprotected, null, 2));
  try {
    await terraform.withPlan(["-destroy"], (saved) =>
      applyPlan(terraform, saved, `Deleting the stack (${summarize(saved.plan)})`),
    );
  } finally {
    await rm(override, { force: true });
  }
  const kept = synthesized.hostPaths.map((path) => `  ${path} on the engine's host`);
  console.log(
    [
      "",
      `Stack '${name}' is deleted. Its images stay on the engine.`,
      ...(kept.length > 0 ? ["Not deleted, because Docker does not manage them:", ...kept] : []),
      "A backup of a local state file (*.tfstate.backup) still has its old secrets.",
    ].join("\n"),
  );
}

async function requireName(name: string, { yes, confirm }: DownOptions): Promise<void> {
  const given = confirm ?? (yes ? undefined : await askForName(`Type the name of the stack to delete it:`));
  if (given === undefined) throw new CommandError("--yes is not enough to delete data", `Add --confirm ${name}.`);
  if (given !== name) throw new CommandError(`'${given}' is not the name of the stack; nothing was changed`);
  if (confirm !== undefined) await requireYes("Delete it?", yes ?? false);
}
