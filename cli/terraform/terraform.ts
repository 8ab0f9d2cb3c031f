import { rm } from "node:fs/promises";
import { relative } from "node:path";
import { CommandError, ExitCode } from "../console/command-error";
import { commandLine } from "../console/command-line";
import { argumentsOf, requireTemporaryFolder, terraformEnvironment, withoutArguments } from "../app/environment";
import type { Environment } from "../app/environment";
import type { Redaction } from "../app/redaction";
import { Run } from "../run/command-run";
import { parsePlan } from "./json/parse-plan";
import type { Plan } from "./json/plan-json";
import { loadExeca } from "../console/es-modules";
import { runDetached } from "./detached";
import { State } from "./json/state";
import { lockedState } from "./locked-state";
import { Warnings, describeProblems, isCheck, parseMessage } from "./terraform-messages";
import type { Diagnostic, Message } from "./terraform-messages";
import { requireVersion } from "./terraform-version";
import { openTofuFile } from "../../offline";

const LOCK_TIMEOUT = "-lock-timeout=60s";

/** A plan in a file, and as JSON. Both hold secrets. */
export interface SavedPlan {
  readonly file: string;
  readonly plan: Plan;

  /** What Terraform warned of while it planned, without the checks, which are in the plan. */
  readonly warnings: readonly string[];
}

/** Terraform or OpenTofu, in the folder of one stack. */
export class Terraform {
  /**
   * Finds the program: TERRAFORM_BINARY_NAME, else `terraform`, else `tofu`, else the OpenTofu that `up` has got.
   *
   * @throws CommandError when none is installed, it does not run or is too old, or it is a wrapper that prints more.
   */
  public static async find(environment: Environment): Promise<string> {
    const binary = await Terraform.locate(environment);
    if (binary !== undefined) return binary;
    throw new CommandError(
      environment.TERRAFORM_BINARY_NAME
        ? `TERRAFORM_BINARY_NAME names no program that runs: ${environment.TERRAFORM_BINARY_NAME}`
        : "Terraform is not installed",
      `Install Terraform (https://developer.hashicorp.com/terraform/install) or OpenTofu (https://opentofu.org/docs/intro/install), or let '${commandLine("up")}' get OpenTofu.`,
    );
  }

  /** As `find()`, but returns undefined when none is installed. */
  public static async locate(environment: Environment): Promise<string | undefined> {
    const candidates = environment.TERRAFORM_BINARY_NAME
      ? [environment.TERRAFORM_BINARY_NAME]
      : ["terraform", "tofu", openTofuFile()];
    requireTemporaryFolder(environment);
    const { execa } = await loadExeca();
    const env = { ...withoutArguments(terraformEnvironment(environment, {}, {})) };
    for (const binary of candidates) {
      const { exitCode, stdout, stderr } = await execa(binary, ["version", "-json"], {
        env,
        extendEnv: false,
        reject: false,
      });
      if (exitCode === undefined || exitCode === 127) continue;
      if (exitCode !== 0) throw new CommandError(`'${binary} version' ends with status ${exitCode}: ${stderr.trim()}`);
      requireVersion(binary, stdout);
      return binary;
    }
    return undefined;
  }

  /**
   * @param binary the program that `find()` has found.
   * @param folder folder of the stack's Terraform JSON.
   * @param environment see `terraformEnvironment()`.
   * @param redaction takes secrets out of every error.
   */
  constructor(
    public readonly binary: string,
    public readonly folder: string,
    private readonly environment: Environment,
    private readonly redaction: Redaction,
  ) {}

  /** The same Terraform with more environment variables. */
  public with(environment: Environment): Terraform {
    return new Terraform(this.binary, this.folder, { ...this.environment, ...environment }, this.redaction);
  }

  /** The registry of providers whose source names none. */
  public async defaultRegistry(): Promise<string> {
    const { stdout } = await this.run(["version"]);
    return stdout.startsWith("OpenTofu") ? "registry.opentofu.org" : "registry.terraform.io";
  }

  /**
   * Gets the providers and opens the state. Returns Terraform's error, or undefined.
   *
   * @param args further arguments of `terraform init`.
   */
  public async init(args: string[] = []): Promise<string | undefined> {
    const result = await this.run(["init", "-input=false", "-no-color", ...args]);
    if (result.exitCode === 0) return undefined;
    return [this.redaction.apply(result.stderr.trim()), argumentsOf("init", this.environment) ?? ""].join("\n").trim();
  }

  /**
   * Makes a plan, hands it to `use`, and deletes it.
   *
   * @param args further arguments of `terraform plan`.
   * @throws CommandError with Terraform's error.
   */
  public async withPlan<T>(args: string[], use: (saved: SavedPlan) => Promise<T>): Promise<T> {
    const file = Run.current.file("plan");
    try {
      return await use(await this.plan(file, args));
    } finally {
      await rm(file, { force: true });
    }
  }

  /**
   * A saved plan as JSON, secrets in clear.
   *
   * @throws CommandError with Terraform's error.
   */
  public async show(file: string): Promise<string> {
    const shown = await this.run(["show", "-json", "-no-color", file]);
    if (shown.exitCode !== 0) throw new CommandError(this.redaction.apply(shown.stderr.trim()));
    return shown.stdout;
  }

  /**
   * Applies a plan. On Ctrl-C Terraform gets one SIGINT, and finishes the operations that run.
   *
   * @returns what Terraform warned of.
   * @throws CommandError with Terraform's error.
   */
  public async apply(file: string, onMessage: (message: Message) => void): Promise<string[]> {
    const warnings = new Warnings();
    await this.stream(["apply", "-json", "-input=false", LOCK_TIMEOUT, file], (message) => {
      warnings.note(message);
      onMessage(message);
    });
    return warnings.describe().map((text) => this.redaction.apply(text));
  }

  /**
   * Makes a plan, and leaves it in a file that only this user can read.
   *
   * @param file its absolute path.
   * @param args further arguments of `terraform plan`.
   * @throws CommandError with Terraform's error.
   */
  public async plan(file: string, args: string[]): Promise<SavedPlan> {
    const warnings = new Warnings();
    // TF_CLI_ARGS_plan may ask for status 2 where something changes.
    const fixed = ["-json", "-input=false", "-detailed-exitcode=false", LOCK_TIMEOUT, `-out=${file}`];
    await this.stream(["plan", ...fixed, ...args], (message) => warnings.note(message));
    const { plan } = await this.read(file);
    return { file, plan, warnings: warnings.describe(isCheck).map((text) => this.redaction.apply(text)) };
  }

  /** Reads a saved plan. Fails as `show()` does. */
  public async read(file: string): Promise<SavedPlan> {
    return { file, warnings: [], plan: parsePlan(await this.show(file), "what Terraform shows of the plan") };
  }

  /** The state, read from its backend. From then on the passwords in it are taken out of Terraform's errors. */
  public async state(): Promise<State> {
    const result = await this.run(["state", "pull"]);
    if (result.exitCode !== 0) throw new CommandError(this.redaction.apply(result.stderr.trim()));
    const state = State.parse(result.stdout);
    for (const password of state.generatedPasswords) this.redaction.add(password);
    return state;
  }

  /**
   * Takes an object that exists into the state.
   *
   * @param taken addresses that leave the state first.
   * @throws CommandError with Terraform's error.
   */
  public async takeOver(address: string, id: string, taken: string[] = []): Promise<void> {
    const commands = [
      ...taken.map((old) => ["state", "rm", LOCK_TIMEOUT, old]),
      ["import", "-input=false", "-no-color", LOCK_TIMEOUT, address, id],
    ];
    for (const args of commands) {
      const { exitCode, stderr } = await this.run(args);
      if (exitCode !== 0) throw new CommandError(this.redaction.apply(stderr.trim()));
    }
  }

  private async stream(args: string[], onMessage: (message: Message) => void): Promise<void> {
    const problems: Diagnostic[] = [];
    const ended = await privately(() =>
      runDetached(this.binary, args, { cwd: this.folder, env: this.environment }, (line) => {
        const message = parseMessage(line);
        if (!message) return;
        if (message.type === "state_lock_acquire") console.error("Waiting for the lock of the state…");
        if (message.diagnostic?.severity === "error") problems.push(message.diagnostic);
        onMessage(message);
      }),
    );
    if (ended.signal !== null)
      throw new CommandError(
        `Terraform was killed (${ended.signal}): what it was working on may exist without being in the state`,
        `Run the command again. '${commandLine("up")}' finds what was left on the engine.`,
      );
    if (ended.interrupted)
      throw new CommandError("interrupted; Terraform has finished the operations that ran, and saved its state");
    if (ended.exitCode === 0) return;

    const locked = lockedState(problems, `${this.binary} -chdir=${relative(process.cwd(), this.folder)}`);
    if (locked) throw locked;
    const text = problems.length > 0 ? describeProblems(problems) : ended.stderr.trim();
    throw new CommandError(
      this.redaction.apply(text),
      argumentsOf(args[0] ?? "", this.environment),
      exitCodeOf(problems),
    );
  }

  private async run(args: string[]) {
    const { execa } = await loadExeca();
    // What only reads needs no arguments of the user, and might refuse those that are meant for others.
    const env = args[0] === "init" ? this.environment : withoutArguments(this.environment);
    return privately(() => execa(this.binary, args, { ...this.options, env: { ...env } }));
  }

  private get options() {
    return {
      cwd: this.folder,
      env: { ...this.environment },
      extendEnv: false,
      reject: false,
      // The JSON of a large stack's plan exceeds execa's default.
      maxBuffer: 1024 ** 3,
    } as const;
  }
}

function exitCodeOf(problems: Diagnostic[]): number {
  const said = (text: string) => problems.some(({ summary }) => summary === text);
  if (said("Instance cannot be destroyed")) return ExitCode.dataAtRisk;
  // Terraform prints the second one if the state has another lineage.
  const isStale = said("Saved plan is stale") || said("Saved plan does not match the given state");
  return isStale ? ExitCode.stalePlan : ExitCode.failure;
}

// State and plan hold secrets: only this user may read the files that Terraform makes.
function privately<T>(start: () => T): T {
  const mask = process.umask(0o077);
  try {
    return start();
  } finally {
    process.umask(mask);
  }
}
