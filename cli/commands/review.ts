import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { appOf, selectStack } from "../app/app";
import { CommandError, ExitCode } from "../console/command-error";
import { terraformEnvironment } from "../app/environment";
import { Redaction } from "../app/redaction";
import type { Plan } from "../terraform/plan-json";
import { isSavedPlan, readText } from "../review/plan/plan-file";
import { parsePlan } from "../terraform/parse-plan";
import { render } from "../review/render/render";
import type { Format } from "../review/render/render";
import { reviewPlan } from "../review/findings/review-plan";
import { secretsOf } from "../review/secrets/secrets";
import { stackOf } from "../review/plan/stack-name";
import { Terraform } from "../terraform/terraform";

/** Options of `review`. */
export interface ReviewOptions {
  /** Id of the stack, if the app has several, or if the plan does not show it. */
  readonly stack?: string;

  readonly format: Format;

  /** Ends with status 0 even if data would be lost. */
  readonly allowDataLoss?: boolean;

  /** A file that gets the review as well. */
  readonly output?: string;
}

/** Explains what a plan means for services, users and data. Ends with status 2 when data would be lost. */
export async function review(file: string, options: ReviewOptions): Promise<void> {
  const { plan, stack } = await readPlan(file, options.stack);
  const result = reviewPlan(plan, stack);
  const written = `${render(result, options.format, secretsOf(plan)).trimEnd()}\n`;
  if (options.output !== undefined) await writeFile(options.output, written);
  process.stdout.write(written);
  if (result.dataLoss && !options.allowDataLoss) process.exitCode = ExitCode.dataAtRisk;
}

async function readPlan(file: string, stack: string | undefined): Promise<{ plan: Plan; stack: string }> {
  const isSaved = file !== "-" && (await isSavedPlan(file));
  if (!isSaved) {
    const plan = parsePlan(await readText(file), file === "-" ? "the standard input" : file);
    return { plan, stack: stack ?? stackOf(plan) };
  }
  const folder = folderOf(file, stack);
  const environment = terraformEnvironment(process.env, {}, {});
  const binary = await Terraform.find(environment);
  const terraform = new Terraform(binary, folder, environment, Redaction.ofEnvironment(environment));
  const plan = parsePlan(await terraform.show(resolve(file)), file);
  return { plan, stack: stack ?? (existsSync(join(folder, "cdk.tf.json")) ? basename(folder) : stackOf(plan)) };
}

// Terraform reads a saved plan only with the providers that made it, which are in the stack's folder.
function folderOf(file: string, stack: string | undefined): string {
  for (const folder of stack === undefined ? [dirname(resolve(file)), process.cwd()] : []) {
    if (existsSync(join(folder, ".terraform"))) return folder;
  }
  const { output } = appOf(process.cwd());
  const folder = join(output, selectStack(output, stack).workingDirectory);
  if (!existsSync(join(folder, ".terraform")))
    throw new CommandError(
      `${folder} has no .terraform folder: without the providers in it Terraform reads no saved plan`,
      "Run terraform init there, or review the output of 'terraform show -json'.",
    );
  return folder;
}
