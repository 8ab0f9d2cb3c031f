import { existsSync } from "node:fs";
import { copyFile, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { StackEnvironment } from "../../lib/environment/stack-environment";
import { offlineEnvironment } from "../../offline";
import { appOf } from "../app/app";
import { CommandError } from "../console/command-error";
import { commandLine } from "../console/command-line";
import { Docker } from "../docker/docker";
import { engineEnvironment } from "../docker/engine-environment";
import { terraformEnvironment } from "../app/environment";
import { Redaction } from "../app/redaction";
import type { Environment } from "../app/environment";
import { imagesBuiltHere } from "../docker/images-built-here";
import { RegistryLogins } from "../docker/registry-logins";
import { isLocalOnly } from "../docker/registries";
import { hostAnswers } from "../docker/registry-probe";
import { synthesizeStack } from "../app/synthesis";
import { SynthesizedStack } from "../app/synthesized-stack";
import { initialize, registriesOf } from "../terraform/provider-downloads";
import type { InitFailure } from "../terraform/provider-downloads";
import { protectState } from "../terraform/state-file";
import { Terraform } from "../terraform/terraform";

const LOCK_FILE = ".terraform.lock.hcl";

/** Terraform, or its error when the registry of the providers cannot be reached. */
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
   * @param given variables for the app, Docker and Terraform, besides the images that were built here.
   * @throws CommandError when Terraform is missing or the app fails.
   */
  public static async synthesize(stack?: string, given: Environment = process.env): Promise<Deployment> {
    const binary = await Terraform.find(given);
    // CDKTF asks the program for its version, and would ask `terraform`.
    const images = imagesBuiltHere(appOf(process.cwd()).output, given);
    const environment = { ...given, TERRAFORM_BINARY_NAME: binary, ...images };
    const redaction = Redaction.ofEnvironment(environment);
    const { name, folder } = await synthesizeStack(stack, environment, redaction);

    const synthesized = SynthesizedStack.read(folder);
    const engine = await engineEnvironment(environment, synthesized);
    const secrets = new StackEnvironment(environment).terraformVariables();
    return new Deployment(
      name,
      synthesized,
      environment,
      new Docker({ ...environment, ...engine }),
      new Terraform(binary, folder, terraformEnvironment(environment, secrets, engine), redaction),
      redaction,
      new RegistryLogins(synthesized.registryLogins({ ...secrets, ...environment })),
    );
  }

  private constructor(
    /** Id of the stack. */
    public readonly name: string,
    public readonly synthesized: SynthesizedStack,
    public readonly environment: Environment,
    public readonly docker: Docker,
    public readonly terraform: Terraform,
    /** Takes secrets out of everything that is printed. */
    public readonly redaction: Redaction,
    /** The app's logins at registries. */
    public readonly registryLogins: RegistryLogins,
  ) {}

  /** The beginning of a line that runs Terraform for this stack. */
  public get inFolder(): string {
    return `${this.terraform.binary} -chdir=${relative(process.cwd(), this.terraform.folder)}`;
  }

  /** The lock file of the stack's providers, which a repository may keep. */
  public get lockFile(): string {
    return `terraform.${this.name}.lock.hcl`;
  }

  /**
   * Runs `terraform init`. If the registry cannot be reached, it takes the providers that were built on this machine.
   *
   * @throws CommandError when it fails for another reason than an unreachable registry.
   */
  public async openTerraform(): Promise<OpenedTerraform> {
    for (const line of protectState(this.synthesized.stateFile)) console.error(line);
    const isLocked = existsSync(this.lockFile);
    if (isLocked) await copyFile(this.lockFile, join(this.terraform.folder, LOCK_FILE));
    return this.initialize(isLocked ? ["-lockfile=readonly"] : []);
  }

  /**
   * Recreates the lock file, for the providers that the stack uses now.
   *
   * @throws CommandError when the providers cannot be fetched.
   */
  public async lockProviders(): Promise<void> {
    const file = join(this.terraform.folder, LOCK_FILE);
    await rm(file, { force: true });
    const { unreachable } = await this.initialize([]);
    if (unreachable !== undefined) throw new CommandError(unreachable);
    await copyFile(file, this.lockFile);
  }

  /** As `openTerraform()`, for commands that work on what is deployed. */
  public async requireTerraform(): Promise<Terraform> {
    const { terraform, unreachable } = await this.openTerraform();
    if (!terraform)
      throw new CommandError(unreachable ?? "", "Build the providers here: mlflow-stack offline --only providers");
    return terraform;
  }

  private async initialize(args: string[]): Promise<OpenedTerraform> {
    const failure = await this.init(this.terraform, args);
    if (!failure) return { terraform: this.terraform };
    if (failure.silentHost === undefined) throw this.refused(failure.problem);

    const configuration = offlineEnvironment().TF_CLI_CONFIG_FILE;
    if (!configuration || !existsSync(configuration)) return { unreachable: failure.problem };

    const terraform = this.terraform.with({ TF_CLI_CONFIG_FILE: configuration });
    // The lock file may hold checksums of the registry's builds, which the ones built here do not match. A lock file that
    // the repository keeps is obeyed.
    if (args.length === 0) await rm(join(terraform.folder, LOCK_FILE), { force: true });
    const second = await this.init(terraform, args);
    if (second) {
      if (second.silentHost !== undefined) return { unreachable: second.problem };
      throw this.refused(second.problem);
    }
    if (this.synthesized.images.some(({ name }) => !isLocalOnly(name)))
      console.error(
        `Warning: ${failure.silentHost} cannot be reached: Terraform uses the providers that were built here.`,
      );
    return { terraform };
  }

  // Terraform takes the proxy of the environment.
  private init(terraform: Terraform, args: string[]): Promise<InitFailure | undefined> {
    const proxy = this.environment.HTTPS_PROXY ?? this.environment.https_proxy;
    return initialize({
      init: () => terraform.init(args),
      registries: async () => registriesOf(this.synthesized.providerSources, await terraform.defaultRegistry()),
      answers: (host) => hostAnswers(host, proxy),
    });
  }

  private refused(problem: string): CommandError {
    const isAboutLock = existsSync(this.lockFile) && /lock file|checksums/.test(problem);
    return new CommandError(
      problem,
      isAboutLock
        ? `${this.lockFile} names other providers. If these are the right ones: ${commandLine("lock")}`
        : undefined,
    );
  }
}
