import { offlineTasks, openTofuFile } from "../../offline";
import { isBuiltHere } from "../../offline/image-notes";
import { CommandError } from "../console/command-error";
import { commandLine } from "../console/command-line";
import { requireYes } from "../console/prompts";
import { runStep, runTasks } from "../console/tasks";
import { OPENTOFU_RELEASE, downloadOpenTofu, openTofuArchive } from "../terraform/opentofu-release";
import { Terraform } from "../terraform/terraform";
import type { Deployment } from "./deployment";
import type { ImageSources } from "./provide-images";

/** Offers to get OpenTofu if neither Terraform nor OpenTofu is installed. It goes to the cache of this user. */
export async function provideTerraform({ offline, online, yes }: ImageSources): Promise<void> {
  const archive = openTofuArchive();
  if (process.env.TERRAFORM_BINARY_NAME || !archive || (await Terraform.locate(process.env))) return;

  console.log("Neither Terraform nor OpenTofu is installed.");
  const problem = offline ? undefined : await download(archive, yes);
  if (await Terraform.locate(process.env)) return;
  if (online) throw new CommandError(`OpenTofu cannot be downloaded: ${problem}`);
  if (problem !== undefined) console.log(`OpenTofu cannot be downloaded here: ${problem}`);
  await requireYes("Build OpenTofu here from Go modules, once, in about eight minutes?", yes);
  await runTasks(offlineTasks({ only: ["opentofu"] }));
}

/**
 * Terraform with the providers of a stack: from their registries, or built here if these do not answer.
 *
 * @throws CommandError when they cannot be had, or would replace those of a deployed stack by themselves.
 */
export async function provideProviders(deployment: Deployment, { yes, online }: ImageSources): Promise<Terraform> {
  const open = () => runStep("Opening the state", () => deployment.openTerraform());
  let opened = await open();
  if (opened.unreachable !== undefined && !online) {
    await keepReleasedProviders(deployment, opened.unreachable);
    console.log(
      "The registry of Terraform's providers cannot be reached. They can be built here, once, in about three minutes.",
    );
    await requireYes("Build them here?", yes);
    await runTasks(offlineTasks({ only: ["providers"] }));
    opened = await open();
  }
  if (!opened.terraform) throw new CommandError(opened.unreachable ?? "Terraform could not be opened");
  return opened.terraform;
}

// The state can be read before the providers are there.
async function keepReleasedProviders({ name, terraform }: Deployment, problem: string): Promise<void> {
  const { instances, imageNames } = await terraform.state();
  if (instances.length === 0 || imageNames.some(isBuiltHere)) return;
  throw new CommandError(
    `${problem}\n\nProviders built here replace the released ones of stack '${name}' only if you say so`,
    `Try again when the registry answers. To build them all the same: ${commandLine("offline", "--only", "providers")}`,
  );
}

async function download(archive: string, yes: boolean): Promise<string | undefined> {
  const { address, version } = OPENTOFU_RELEASE;
  await requireYes(`Download OpenTofu ${version} (${address}) to ${openTofuFile()}?`, yes);
  return runStep(`Downloading OpenTofu ${version}`, async ({ rename }) => {
    const problem = await downloadOpenTofu(openTofuFile(), archive);
    if (problem !== undefined) rename(`OpenTofu ${version} cannot be downloaded`);
    return problem;
  });
}
