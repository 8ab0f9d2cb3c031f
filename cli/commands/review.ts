import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { appOf, selectStack } from "../app/app";
import { CommandError, ExitCode } from "../console/command-error";
import { terraformEnvironment } from "../app/environment";
import { Redaction } from "../app/redaction";
import type { Plan } from "../terraform/json/plan-json";
import { isEncryptedPlan, isSavedPlan, readText } from "../review/plan/plan-file";
import { parsePlan } from "../terraform/json/parse-plan";
import { render } from "../review/render/render";
import type { Format } from "../review/render/render";
import { reviewPlan } from "../review/findings/review-plan";
import { isDangerous } from "../review/model/access-change";
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

  /** Ends with status 0 even if a dangerous access would open. */
  readonly allowAccess?: boolean;

  /** A file that gets the review as well. */
  readonly output?: string;
}

/**
 * Explains what a plan means for services, users and data. Ends with status 2 when data would be lost, else with 4 when a
 * dangerous access would open.
 */
export async function review(file: string, options: ReviewOptions): Promise<void> {
  const { plan, stack } = await readPlan(file, options.stack);
  const result = reviewPlan(plan, stack);
  const written = `${render(result, options.format, secretsOf(plan)).trimEnd()}\n`;
  if (options.output !== undefined) await writeFile(options.output, written);
  process.stdout.write(written);
  if (result.dataLoss && !options.allowDataLoss) process.exitCode = ExitCode.dataAtRisk;
  else if (isDangerous(result) && !options.allowAccess) process.exitCode = ExitCode.dangerousAccess;
}

async function readPlan(file: string, stack: string | undefined): Promise<{ plan: Plan; stack: string }> {
  const isSaved = file !== "-" && (await isSavedPlan(file));
  if (!isSaved) {
    const plan = parsePlan(await readText(file), file === "-" ? "the standard input" : file);
    return { plan, stack: stack ?? stackOf(plan) };
  }
  const folder = await encryptionNamed(file, async () => folderOf(file, stack));
  const environment = terraformEnvironment(process.env, {}, {});
  const binary = await Terraform.find(environment);
  const terraform = new Terraform(binary, folder, environment, Redaction.ofEnvironment(environment));
  const plan = parsePlan(await encryptionNamed(file, () => terraform.show(resolve(file))), file);
  return { plan, stack: stack ?? (existsSync(join(folder, "cdk.tf.json")) ? basename(folder) : stackOf(plan)) };
}

async function encryptionNamed<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof CommandError) || !(await isEncryptedPlan(file))) throw error;
    throw new CommandError(
      `${file} is a plan that OpenTofu has encrypted, and cannot be read here: ${error.message}`,
      "It takes the folder in which it was made, OpenTofu (TERRAFORM_BINARY_NAME=tofu), and its TF_ENCRYPTION.",
    );
  }
}

// Terraform reads a saved plan only with the providers that made it, which are in the stack's folder.
function folderOf(file: string, stack: string | undefined): string {
  for (const folder of stack === undefined ? [dirname(resolve(file)), process.cwd()] : []) {
    if (existsSync(dataFolderOf(folder)) && isInitialized(folder)) return folder;
  }
  const { output } = appOf(process.cwd());
  const folder = join(output, selectStack(output, stack).workingDirectory);
  if (!existsSync(dataFolderOf(folder)))
    throw new CommandError(
      `there is no folder ${dataFolderOf(folder)}: without the providers in it Terraform reads no saved plan`,
      "Run terraform init there, or review the output of 'terraform show -json'.",
    );
  return folder;
}

function dataFolderOf(folder: string): string {
  return resolve(folder, process.env.TF_DATA_DIR || ".terraform");
}

// An absolute TF_DATA_DIR is the same for every folder.
function isInitialized(folder: string): boolean {
  return !isAbsolute(process.env.TF_DATA_DIR ?? "") || existsSync(join(folder, ".terraform.lock.hcl"));
}
