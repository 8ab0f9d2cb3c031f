import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { REPOSITORY } from "../repository";
import { COMPILED, toJavaScript } from "../compiled";
import { Deployment, removeLeftovers } from "./deployment";
import { runOk } from "../run";

/** A stack from an app of its own, with what no variable of the environment says. */
export class AppDeployment extends Deployment {
  // in the repository's reach, where its packages are found.
  private readonly app = join(REPOSITORY, "cdktf.out", `${this.id}.js`);

  /**
   * Writes the app, without deploying it.
   *
   * @param props further properties of the `MlflowStack`, as an app writes them.
   */
  public writeApp(props: string): void {
    mkdirSync(dirname(this.app), { recursive: true });
    writeFileSync(
      this.app,
      toJavaScript(`import { App } from "cdktf";
import { AiProvider, ArtifactStore, AuthMethod, BackendStore, DataSize, MlflowStack, ServiceImage, StackEnvironment, Transfers } from "${COMPILED}/lib";
const app = new App();
const environment = new StackEnvironment(process.env).props();
const imageOf = (name) => (process.env[name] ? ServiceImage.registry(process.env[name]) : undefined);
new MlflowStack(app, "${this.id}", { ...environment, ${props} });
app.synth();
`),
    );
    const app = `${process.execPath} ${this.app}`;
    writeFileSync(join(this.folder, "cdktf.json"), JSON.stringify({ language: "typescript", app }));
  }

  /** The users' passwords, by name. */
  public async passwords(): Promise<{ [user: string]: string }> {
    const { stdout } = await this.terraform(["output", "-json", "passwords"]);
    return JSON.parse(stdout) as { [user: string]: string };
  }

  /** Runs a Python script with MLflow's own client, as a user. */
  public async as(user: string, script: string): Promise<string> {
    return this.python(script, undefined, undefined, {
      MLFLOW_TRACKING_USERNAME: user,
      MLFLOW_TRACKING_PASSWORD: (await this.passwords())[user],
    });
  }

  /** Runs a Python script beside MLflow, as its user and with its settings. */
  public async inServer(script: string): Promise<string> {
    return runOk("docker", ["exec", "-i", `${this.id}-server`, "python", "-"], { input: script });
  }

  /** Removes all of it, whatever state it is in. */
  public async remove(): Promise<void> {
    await removeLeftovers(this.id);
    rmSync(this.app, { force: true });
    rmSync(this.folder, { recursive: true, force: true });
  }
}
