import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { StackEnvironment } from "../lib/stack-environment";
import { offlineEnvironment } from "../offline";
import { appOf, explainFailure, selectStack } from "./app";
import type { App } from "./app";
import { CommandError } from "./command-error";
import { Docker, engineEnvironment } from "./docker";
import { Redaction, synthesisEnvironment, terraformEnvironment } from "./environment";
import type { Environment } from "./environment";
import { imagesBuiltHere } from "./images-built-here";
import { loadExeca } from "./programs";
import { isUnreachable } from "./registries";
import { SynthesizedStack } from "./synthesized-stack";
import { Terraform } from "./terraform";

const LOCK_FILE = ".terraform.lock.hcl";

/** Terraform, or why its providers cannot be had. */
export interface OpenedTerraform {
  readonly terraform?: Terraform;
  readonly unreachable?: string;
}

/** A stack of the app in the current folder, synthesized, with the programs that deploy it. */
export class Deployment {
  /**
   * Runs the app, which writes its output folder and nothing else.
   *
   * @param stack id of the stack, needed when the app has several.
   * @param given what the app, Docker and Terraform get, besides the images that were built here.
   * @throws CommandError when Terraform is missing or the app fails.
   */
  public static async synthesize(stack?: string, given: Environment = process.env): Promise<Deployment> {
    const app = appOf(process.cwd());
    const environment = { ...given, ...imagesBuiltHere(app.output, given) };
    const redaction = new Redaction(environment);
    const binary = await Terraform.find(environment);
    await runApp(app, environment, redaction);

    const entry = selectStack(app.output, stack);
    const errors = (entry.annotations ?? []).filter(({ level }) => level.endsWith("error"));
    if (errors.length > 0)
      throw new CommandError(errors.map((error) => `${error.message} [${error.constructPath}]`).join("\n"));

    const folder = join(app.output, entry.workingDirectory);
    const synthesized = SynthesizedStack.read(folder);
    const engine = await engineEnvironment(environment, synthesized);
    const secrets = new StackEnvironment(environment).terraformVariables();
    return new Deployment(
      entry.name,
      synthesized,
      environment,
      new Docker({ ...environment, ...engine }),
      new Terraform(binary, folder, terraformEnvironment(environment, secrets, engine), redaction),
      redaction,
    );
  }

  private constructor(
    /** Id of the stack. */
    public readonly name: string,
    public readonly synthesized: SynthesizedStack,
    public readonly environment: Environment,
    public readonly docker: Docker,
    public readonly terraform: Terraform,
    /** What is taken out of everything that is printed. */
    public readonly redaction: Redaction,
  ) {}

  /** The beginning of a line that runs Terraform for this stack. */
  public get inFolder(): string {
    return `${this.terraform.binary} -chdir=${relative(process.cwd(), this.terraform.folder)}`;
  }

  /**
   * Terraform, ready to use. Providers that were built on this machine serve where their registry cannot be reached.
   *
   * @throws CommandError when that fails for another reason than an unreachable registry.
   */
  public async openTerraform(): Promise<OpenedTerraform> {
    const problem = await this.terraform.init();
    if (problem === undefined) return { terraform: this.terraform };
    if (!isUnreachable(problem)) throw new CommandError(problem);

    const configuration = offlineEnvironment().TF_CLI_CONFIG_FILE;
    if (!configuration || !existsSync(configuration)) return { unreachable: problem };

    const terraform = this.terraform.with({ TF_CLI_CONFIG_FILE: configuration });
    // the checksums in it may be those of the registry's builds, which these are not.
    await rm(join(terraform.folder, LOCK_FILE), { force: true });
    const second = await terraform.init();
    if (second === undefined) return { terraform };
    if (isUnreachable(second)) return { unreachable: second };
    throw new CommandError(second);
  }

  /** As `openTerraform()`, for commands that work on what is deployed. */
  public async requireTerraform(): Promise<Terraform> {
    const { terraform, unreachable } = await this.openTerraform();
    if (!terraform)
      throw new CommandError(unreachable ?? "", "Build the providers here: mlflow-stack offline --only providers");
    return terraform;
  }
}

async function runApp(
  { command, output, context }: App,
  environment: Environment,
  redaction: Redaction,
): Promise<void> {
  // an old manifest would hide that the app wrote none.
  await rm(join(output, "manifest.json"), { force: true });
  const options = {
    env: { ...synthesisEnvironment(environment, output, context) },
    extendEnv: false,
    reject: false,
  } as const;
  const [program = "", ...args] = Array.isArray(command) ? command : [];
  const { execa } = await loadExeca();
  const result = await (Array.isArray(command)
    ? execa(program, args, options)
    : execa(command, { ...options, shell: true }));
  if (result.exitCode === 0) return;
  throw new CommandError(
    redaction.apply(explainFailure(String(result.stderr)) || `the app failed: ${String(command)}`),
  );
}
