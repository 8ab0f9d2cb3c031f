import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runsIn } from "../../../cli/run/run-record";
import { stateHome } from "../../../cli/run/state-home";
import { REPOSITORY } from "../repository";
import { COMMAND, COMPILED } from "../compiled";
import { run, runOk } from "../run";
import type { Outcome } from "../run";

const NODE = process.execPath;
const TERRAFORM = process.env.TERRAFORM_BINARY_NAME ?? "terraform";

interface StateResource {
  readonly type: string;
  readonly name: string;
  readonly instances: { attributes: { [name: string]: unknown } }[];
}

/** Variables of the environment. */
export interface Variables {
  readonly [name: string]: string | undefined;
}

/**
 * The settings for programs that do not go through `mlflow-stack`, such as Terraform itself: images and a mirror that
 * were built here, or nothing where all could be pulled.
 */
export function offlineSettings(): Promise<Variables> {
  return (settingsOfThisHost ??= findOfflineSettings());
}

let settingsOfThisHost: Promise<Variables> | undefined;

async function findOfflineSettings(): Promise<Variables> {
  const printed = await runOk(NODE, [COMMAND, "offline", "--print-only"]);
  const settings = Object.fromEntries(
    [...printed.matchAll(/^export (\w+)='?([^'\n]*)'?$/gm)].map(([, name, value]) => [name, value]),
  );
  const { code } = await run("docker", ["image", "inspect", settings.POSTGRES_IMAGE ?? ""]);
  return code === 0 ? settings : {};
}

/** Removes what an interrupted run of the tests left on the engine under an id. */
export async function removeLeftovers(id: string): Promise<void> {
  for (const [kind, list, remove] of [
    ["container", ["ls", "--all"], ["rm", "--force", "--volumes"]],
    ["volume", ["ls"], ["rm", "--force"]],
    ["network", ["ls"], ["rm"]],
  ] as const) {
    const names = (
      await runOk("docker", [kind, ...list, "--format", kind === "container" ? "{{.Names}}" : "{{.Name}}"])
    )
      .split("\n")
      .filter((name) => name.startsWith(`${id}-`));
    if (names.length > 0) await runOk("docker", [kind, ...remove, ...names]);
  }
}

/** A stack that a test deploys in a folder of its own, as a user would. */
export class Deployment {
  /** Folder in which the command runs, and in which the state lies. */
  public readonly folder = mkdtempSync(join(tmpdir(), "mlflow-e2e-"));

  /** Address of the stack. */
  public readonly url: string;

  private login?: string;

  /**
   * @param id id of the stack, which begins every name on the engine.
   * @param port port on 127.0.0.1.
   * @param variables further variables of the environment.
   */
  constructor(
    public readonly id: string,
    port: number,
    private readonly variables: Variables = {},
  ) {
    this.url = `http://localhost:${port}`;
  }

  /** Folder with the synthesized stack. */
  public get stackFolder(): string {
    return join(this.folder, "cdktf.out", "stacks", this.id);
  }

  /** Runs `mlflow-stack`. */
  public async command(args: string[], variables: Variables = {}): Promise<Outcome> {
    this.login = undefined;
    return run(NODE, [COMMAND, ...args], { cwd: this.folder, env: this.environment(variables) });
  }

  /**
   * Starts `mlflow-stack` in a process group of its own, as a shell does, for a test that kills it.
   *
   * @param output file for its standard output; none by default.
   */
  public start(args: string[], variables: Variables = {}, output?: string): { pid: number; end: Promise<unknown> } {
    const child = spawn(NODE, [COMMAND, ...args], {
      cwd: this.folder,
      env: { ...process.env, ...this.environment(variables) },
      detached: true,
      stdio: ["ignore", output === undefined ? "ignore" : openSync(output, "w"), "ignore"],
    });
    return { pid: child.pid ?? 0, end: once(child, "exit") };
  }

  /** The process of the Terraform that a command on this stack has started. */
  public get terraformProcess(): number {
    const runs = stateHome(process.env, "runs");
    const run = runsIn(runs).find(({ record }) => record.folder === join(this.folder, "cdktf.out") && record.terraform);
    return run?.record.terraform?.pid ?? 0;
  }

  /** Runs `mlflow-stack`, which has to succeed. */
  public async commandOk(args: string[], variables: Variables = {}): Promise<string> {
    const { code, stdout, stderr } = await this.command(args, variables);
    if (code !== 0) throw new Error(`mlflow-stack ${args.join(" ")} ended with ${code}:\n${stdout}\n${stderr}`);
    return stdout;
  }

  /** Synthesizes with other settings, without deploying. */
  public async synthesize(variables: Variables = {}): Promise<void> {
    await runOk(NODE, [join(COMPILED, "main.js")], {
      cwd: REPOSITORY,
      env: {
        ...(await offlineSettings()),
        ...this.environment(variables),
        CDKTF_OUTDIR: join(this.folder, "cdktf.out"),
      },
    });
  }

  /** Runs Terraform on the synthesized stack. */
  public async terraform(args: string[], variables: Variables = {}): Promise<Outcome> {
    const env: Variables = { ...(await offlineSettings()), ...this.environment(variables), TF_IN_AUTOMATION: "1" };
    return run(env.TERRAFORM_BINARY_NAME ?? TERRAFORM, args, {
      cwd: this.stackFolder,
      env,
    });
  }

  /** What a plan would change: the actions by address, without those that do nothing. */
  public async plan(variables: Variables = {}): Promise<{ [address: string]: string }> {
    const file = join(this.folder, "test.tfplan");
    const planned = await this.terraform(["plan", "-input=false", "-no-color", `-out=${file}`], variables);
    if (planned.code !== 0) throw new Error(`terraform plan: ${planned.stdout}\n${planned.stderr}`);
    const shown = await this.terraform(["show", "-json", file], variables);
    rmSync(file, { force: true });
    const { resource_changes: changes = [] } = JSON.parse(shown.stdout) as {
      resource_changes?: { address: string; change: { actions: string[] } }[];
    };
    return Object.fromEntries(
      changes
        .map(({ address, change }) => [address, change.actions.join(" ")] as const)
        .filter(([, actions]) => actions !== "no-op" && actions !== "read"),
    );
  }

  /** One output of the deployed stack. */
  public async output(name: string): Promise<string> {
    const { code, stdout, stderr } = await this.terraform(["output", "-raw", name]);
    if (code !== 0) throw new Error(stderr);
    return stdout;
  }

  /** The state, as a file: what a leak hunt looks for in other places. */
  public state(): { resources: StateResource[] } {
    return JSON.parse(readFileSync(join(this.folder, `terraform.${this.id}.tfstate`), "utf8"));
  }

  /** Asks the gateway with the user's name and password. Gives up after 20 seconds. */
  public async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    this.login ??= `Basic ${Buffer.from(`admin:${await this.output("password")}`).toString("base64")}`;
    return fetch(`${this.url}${path}`, {
      signal: AbortSignal.timeout(20_000),
      ...init,
      headers: { ...init.headers, Authorization: this.login },
    });
  }

  /**
   * Runs a Python script with MLflow's own client, in the image of the server.
   *
   * The credentials go in on standard input, before the script.
   *
   * @param network where it runs: beside the gateway, where the users' address leads to it, or on a network of its own.
   * @param url the server's address as seen from there.
   * @param login the client's credentials; those of the first admin by themselves.
   */
  public async python(
    script: string,
    network = `container:${this.id}-gateway`,
    url = this.url,
    login?: Variables,
  ): Promise<string> {
    const settings = {
      MLFLOW_TRACKING_URI: url,
      ...(login ?? {
        MLFLOW_TRACKING_USERNAME: "admin",
        MLFLOW_TRACKING_PASSWORD: await this.output("password"),
      }),
      GIT_PYTHON_REFRESH: "quiet",
    };
    const image = (await runOk("docker", ["inspect", "-f", "{{.Image}}", `${this.id}-server`])).trim();
    return runOk(
      "docker",
      ["run", "--rm", "-i", "--network", network, "-u", "1000:1000", "-e", "HOME=/tmp", image, "python", "-"],
      { input: `import os\nos.environ.update(${JSON.stringify(settings)})\n${script}` },
    );
  }

  /** Removes all of it, the data too. */
  public async destroy(): Promise<void> {
    const { code, stdout, stderr } = await this.command(["down", "--delete-data", "--yes", "--confirm", this.id]);
    if (code !== 0) throw new Error(`the stack '${this.id}' was not removed:\n${stdout}\n${stderr}`);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The environment of a shell in which the user runs other programs on this stack. */
  public async settings(): Promise<Variables> {
    return { ...(await offlineSettings()), ...this.environment({}) };
  }

  private environment(variables: Variables): Variables {
    return { MLFLOW_STACK: this.id, MLFLOW_URL: this.url, ...this.variables, ...variables };
  }
}
