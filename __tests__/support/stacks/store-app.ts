import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NODE_TYPESCRIPT, REPOSITORY, offlineSettings } from "./deployment";
import { run, runOk } from "../run";
import type { Outcome } from "../run";

const MAIN = `
import { DockerProvider } from "@cdktf/provider-docker/lib/provider";
import { RandomProvider } from "@cdktf/provider-random/lib/provider";
import { App, LocalBackend, TerraformStack } from "cdktf";
import { ContainerNetwork, DataSize, PostgresStore, ProviderVersions, ServiceImage } from "${REPOSITORY}/lib";
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
  new PostgresStore(stack, "postgres", { network, image, memory: DataSize.mebibytes(settings.memory) });
}
app.synth();
`;

/** An app of somebody's own in a Git repository: a PostgreSQL with its data, and the state in a folder elsewhere. */
export class StoreApp {
  /** The checkout. */
  public readonly folder: string;

  /** The state's file. */
  public readonly stateFile: string;

  /** A folder for what the tests keep outside of the checkout. */
  public readonly outside = realpathSync(mkdtempSync(join(tmpdir(), "mlflow-e2e-store-")));

  /** @param id id of the stack, which begins every name on the engine. */
  constructor(public readonly id: string) {
    this.folder = join(this.outside, "checkout");
    this.stateFile = join(this.outside, "state", "terraform.tfstate");
    mkdirSync(this.folder);
    // its packages are this repository's.
    symlinkSync(join(REPOSITORY, "node_modules"), join(this.folder, "node_modules"));
    writeFileSync(join(this.folder, ".gitignore"), "node_modules\ncdktf.out\n");
    writeFileSync(join(this.folder, "tsconfig.json"), "{}");
    writeFileSync(join(this.folder, "main.ts"), MAIN);
    const app = [...NODE_TYPESCRIPT, "main.ts"].join(" ");
    writeFileSync(join(this.folder, "cdktf.json"), JSON.stringify({ app, language: "typescript" }));
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
    writeFileSync(join(this.folder, "settings.json"), JSON.stringify({ stack: this.id, memory, state }));
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

  /** Runs `mlflow-stack`, or another program of this repository's, in the checkout. */
  public async command(
    args: string[],
    variables: { [name: string]: string } = {},
    program = "cli/index.ts",
  ): Promise<Outcome> {
    const [node = "", ...loader] = NODE_TYPESCRIPT;
    return run(node, [...loader, join(REPOSITORY, program), ...args], {
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
