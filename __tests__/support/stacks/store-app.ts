import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMMAND, COMPILED, toJavaScript } from "../compiled";
import { REPOSITORY } from "../repository";
import { offlineSettings } from "./deployment";
import { run, runOk } from "../run";
import type { Outcome } from "../run";

const MAIN = `
import { Container } from "@cdktf/provider-docker/lib/container";
import { Volume } from "@cdktf/provider-docker/lib/volume";
import { DockerProvider } from "@cdktf/provider-docker/lib/provider";
import { RandomProvider } from "@cdktf/provider-random/lib/provider";
import { App, LocalBackend, TerraformStack } from "cdktf";
import { ContainerNetwork, DataSize, PostgresStore, ProviderVersions, ServiceImage } from "${COMPILED}/lib";
import settings from "./settings.json";

const image = process.env.POSTGRES_IMAGE ? ServiceImage.registry(process.env.POSTGRES_IMAGE) : undefined;
const app = new App();
const stack = new TerraformStack(app, settings.stack);
new LocalBackend(stack, { path: settings.state });
new DockerProvider(stack, "docker");
new RandomProvider(stack, "random");
ProviderVersions.pin(stack);
const network = new ContainerNetwork(stack, "network");
if (settings.memory > 0) {
  const memory = DataSize.mebibytes(settings.memory);
  new PostgresStore(stack, "postgres", { network, image, memory, connectionLimit: 20 });
  // A volume that Terraform deletes with the code: no stack guard is here to refuse it.
  new Volume(stack, "archive", { name: settings.stack + "-archive" });
}
if ("hostProcesses" in settings)
  for (const node of stack.node.findAll()) if (node instanceof Container) node.addOverride("pid_mode", "host");
app.synth();
`;

/** An app of somebody's own in a Git repository: a PostgreSQL, a volume of theirs, and the state in a folder elsewhere. */
export class StoreApp {
  /** The checkout. */
  public readonly folder: string;

  /** The state's file. */
  public readonly stateFile: string;

  /** A folder for what the tests keep outside of the checkout. */
  public readonly outside = realpathSync(mkdtempSync(join(tmpdir(), "mlflow-e2e-store-")));

  /**
   * @param id id of the stack, which begins every name on the engine.
   * @param main the app, which reads `settings.json`.
   */
  constructor(
    public readonly id: string,
    main = MAIN,
  ) {
    this.folder = join(this.outside, "checkout");
    this.stateFile = join(this.outside, "state", "terraform.tfstate");
    mkdirSync(this.folder);
    // its packages are this repository's.
    symlinkSync(join(REPOSITORY, "node_modules"), join(this.folder, "node_modules"));
    writeFileSync(join(this.folder, ".gitignore"), "node_modules\ncdktf.out\n");
    writeFileSync(join(this.folder, "main.js"), toJavaScript(main));
    writeFileSync(join(this.folder, "cdktf.json"), JSON.stringify({ app: "node main.js", language: "typescript" }));
  }

  public get stackFolder(): string {
    return join(this.folder, "cdktf.out", "stacks", this.id);
  }

  /**
   * Writes another version of the app.
   *
   * @param memory of the database, in MiB. With 0 there is none.
   * @param state path of the state.
   */
  public write(memory: number, state = this.stateFile): void {
    this.writeSettings({ memory, state });
  }

  /** Writes settings of the app beside the stack's id and the path of its state. */
  public writeSettings(settings: object): void {
    const all = { stack: this.id, state: this.stateFile, ...settings };
    writeFileSync(join(this.folder, "settings.json"), JSON.stringify(all));
  }

  /** Synthesizes without `mlflow-stack`, and prepares the folder for Terraform. */
  public async synthesize(): Promise<void> {
    const options = { cwd: this.folder, env: await offlineSettings() };
    await runOk(process.execPath, ["main.js"], options);
    await runOk("terraform", ["init", "-input=false"], { ...options, cwd: this.stackFolder });
  }

  /** Commits the version of the app that is there. Gives the commit. */
  public async commit(message: string): Promise<string> {
    const identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"];
    await this.git("init", "--quiet");
    await this.git("add", "--all");
    await this.git(...identity, "commit", "--quiet", "--allow-empty", "--message", message);
    return (await this.git("rev-parse", "HEAD")).trim();
  }

  public async git(...args: string[]): Promise<string> {
    return runOk("git", args, { cwd: this.folder });
  }

  /** Runs `mlflow-stack`, or another program of Node.js, in the checkout. */
  public async command(
    args: string[],
    variables: { [name: string]: string } = {},
    program = [COMMAND],
  ): Promise<Outcome> {
    return run(process.execPath, [...program, ...args], {
      cwd: this.folder,
      env: { ...(await offlineSettings()), ...variables },
    });
  }

  /** Runs Terraform on the synthesized stack. */
  public async terraform(...args: string[]): Promise<Outcome> {
    return run("terraform", args, { cwd: this.stackFolder, env: await offlineSettings() });
  }

  public remove(): void {
    rmSync(this.outside, { recursive: true, force: true });
  }
}
