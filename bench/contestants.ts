import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { STACK, stackEnvironment } from "./bench-stack";
import type { Compiled } from "./compiled";
import { composeProgram } from "./compose-program";
import { writeComposeProject } from "./compose";
import type { StackJson, StateJson } from "./compose";
import { runProgram } from "./program";

const TERRAFORM = process.env.TERRAFORM_BINARY_NAME ?? "terraform";

/** A way to deploy the same services. */
export interface Contestant {
  readonly name: string;

  /** Removes the state of an earlier deployment, which is no longer on the engine. */
  reset(): Promise<void>;

  /** Deploys. */
  start(): Promise<void>;

  /** Removes the services, and keeps their data. */
  stop(): Promise<void>;
}

/** The whole command, as users run it: checks, synthesis, plan, guard, apply and wait. */
export class CommandContestant implements Contestant {
  public readonly name = "mlflow-stack";
  readonly #folder: string;

  constructor(private readonly compiled: Compiled) {
    this.#folder = compiled.workFolder("command");
  }

  public async reset(): Promise<void> {
    emptyFolder(this.#folder);
  }

  public async start(): Promise<void> {
    await this.run("up", "--yes");
  }

  public async stop(): Promise<void> {
    await this.run("down", "--yes");
  }

  private async run(...args: string[]): Promise<void> {
    await runProgram(process.execPath, [this.compiled.file("cli", "index.js"), ...args], {
      folder: this.#folder,
      environment: stackEnvironment(),
    });
  }
}

/** Terraform alone, on a stack that was synthesized before. */
export class TerraformContestant implements Contestant {
  public readonly name = "terraform";
  readonly #folder: string;

  /**
   * @param app the program that synthesizes the stack.
   * @param settings variables of its environment in addition to `stackEnvironment()`.
   */
  constructor(
    compiled: Compiled,
    private readonly app = compiled.file("main.js"),
    private readonly settings: { readonly [name: string]: string | undefined } = {},
  ) {
    this.#folder = compiled.workFolder("terraform");
  }

  public async reset(): Promise<void> {
    emptyFolder(this.#folder);
    await runProgram(process.execPath, [this.app], {
      environment: { ...stackEnvironment(), ...this.settings, CDKTF_OUTDIR: join(this.#folder, "cdktf.out") },
    });
  }

  public async start(): Promise<void> {
    await this.run("init", "-input=false");
    await this.run("apply", "-input=false", "-auto-approve");
  }

  public async stop(): Promise<void> {
    const { docker_container: containers = {}, docker_network: networks = {} } = this.stack.resource;
    const addresses = [
      ...Object.keys(containers).map((name) => `docker_container.${name}`),
      ...Object.keys(networks).map((name) => `docker_network.${name}`),
    ];
    await this.run("destroy", "-input=false", "-auto-approve", ...addresses.map((address) => `-target=${address}`));
  }

  /** Plans again. The plan must be empty. */
  public async plan(): Promise<void> {
    await this.run("plan", "-input=false", "-detailed-exitcode");
  }

  /** The synthesized stack. */
  public get stack(): StackJson {
    return JSON.parse(readFileSync(join(this.stackFolder, "cdk.tf.json"), "utf8")) as StackJson;
  }

  /** Terraform's state. It holds secrets. */
  public get state(): StateJson {
    return JSON.parse(readFileSync(join(this.#folder, `terraform.${STACK}.tfstate`), "utf8")) as StateJson;
  }

  private get stackFolder(): string {
    return join(this.#folder, "cdktf.out", "stacks", STACK);
  }

  private async run(...args: string[]): Promise<void> {
    const environment = { ...stackEnvironment(), ...this.settings };
    await runProgram(TERRAFORM, args, { folder: this.stackFolder, environment });
  }
}

/** Docker Compose, with the same services in the same order. */
export class ComposeContestant implements Contestant {
  public readonly name = "docker compose";

  /**
   * @param program see `composeProgram()`.
   * @param folder a folder for its files.
   * @param stack the services.
   * @param state the values of the references in them.
   */
  public static async make(compiled: Compiled, stack: StackJson, state: StateJson): Promise<ComposeContestant> {
    const folder = compiled.workFolder("compose");
    writeComposeProject(folder, STACK, stack, state);
    return new ComposeContestant(await composeProgram(), folder);
  }

  private constructor(
    private readonly program: string[],
    private readonly folder: string,
  ) {}

  public async reset(): Promise<void> {}

  public async start(): Promise<void> {
    await this.run("up", "--detach");
  }

  public async stop(): Promise<void> {
    await this.run("down");
  }

  private async run(...args: string[]): Promise<void> {
    const [program = "", ...before] = this.program;
    await runProgram(program, [...before, "--file", "compose.json", ...args], { folder: this.folder });
  }
}

function emptyFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}
