import { offlineTasks, openTofuFile } from "../../offline";
import { CommandError } from "../console/command-error";
import { requireYes } from "../console/prompts";
import { runSteps, runTasks } from "../console/tasks";
import { OPENTOFU_RELEASE, downloadOpenTofu, openTofuArchive } from "../terraform/opentofu-release";
import { Terraform } from "../terraform/terraform";
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

async function download(archive: string, yes: boolean): Promise<string | undefined> {
  const { address, version } = OPENTOFU_RELEASE;
  await requireYes(`Download OpenTofu ${version} (${address}) to ${openTofuFile()}?`, yes);
  let problem: string | undefined;
  await runSteps({
    title: `Downloading OpenTofu ${version}`,
    run: async ({ rename }) => {
      problem = await downloadOpenTofu(openTofuFile(), archive);
      if (problem !== undefined) rename(`OpenTofu ${version} cannot be downloaded`);
    },
  });
  return problem;
}
