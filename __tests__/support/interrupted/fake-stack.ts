import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { ROLE_LABEL } from "../../../lib/contract/container-roles";
import type { Outcome } from "../run";
import { COMMAND } from "../compiled";
import { REPOSITORY } from "../repository";

const NODE = process.execPath;
const NETWORK = "fake-network";
const PASSWORD = "password-of-the-registry";
const SECRETS = ["secret-of-the-plan", Buffer.from(`ada:${PASSWORD}`).toString("base64")];
const CONTAINERS = { "fake-postgres": "database", "fake-bucket": "bucket-job", "fake-gateway": "gateway" };

/** A started command. */
export interface Started {
  readonly process: ChildProcess;
  readonly end: Promise<Outcome>;

  /** What it has written to standard error by now. */
  said(): string;
}

/** A stack that `mlflow-stack` deploys by a fake Terraform on a fake engine, in a folder of its own. */
export class FakeStack {
  public readonly folder = mkdtempSync(join(tmpdir(), "fake-stack-"));
  public readonly stackFolder = join(this.folder, "cdktf.out", "stacks", "fake");
  public readonly runs = join(this.folder, "state-home", "mlflow-stack", "runs");
  public readonly stateFile = join(this.folder, "state.json");

  readonly #engine = join(this.folder, "engine");

  /**
   * @param variables for the fake programs, see `programs.mjs`.
   * @param image an image that the stack needs beside its containers. The app has a login at its registry.
   */
  constructor(
    public readonly variables: { [name: string]: string } = {},
    private readonly image?: string,
  ) {
    mkdirSync(join(this.folder, "tmp"));
    const programs = join(REPOSITORY, "__tests__", "support", "interrupted", "programs.mjs");
    const bin = join(this.folder, "bin");
    mkdirSync(bin);
    for (const name of ["terraform", "docker"]) {
      writeFileSync(join(bin, name), `#!/bin/sh\nexec "${NODE}" "${programs}" ${name} "$@"\n`, { mode: 0o755 });
    }
    this.#writeApp();
  }

  /** Names of the containers and networks that the stack has. */
  public get names(): string[] {
    return [...Object.keys(CONTAINERS), NETWORK].sort();
  }

  /** What the engine has, and what the state says of it. */
  public get objects(): { engine: string[]; state: string[] } {
    const engine = existsSync(this.#engine) ? readdirSync(this.#engine) : [];
    const { resources } = existsSync(this.stateFile)
      ? (JSON.parse(readFileSync(this.stateFile, "utf8")) as State)
      : { resources: [] };
    return {
      engine: engine
        .map((file) => (JSON.parse(readFileSync(join(this.#engine, file), "utf8")) as { Id: string }).Id)
        .sort(),
      state: resources.map(({ instances: [instance] }) => instance?.attributes.id ?? "").sort(),
    };
  }

  /** Files, apart from the state and a saved plan, in which the plan's secret stands, or the login at the registry. */
  public get leaks(): string[] {
    return readdirSync(this.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => !file.endsWith("saved.tfplan") && SECRETS.some((secret) => textOf(file).includes(secret)));
  }

  /** Starts a command in a process group of its own, as a shell does. */
  public start(...args: string[]): Started {
    const child = spawn(NODE, [COMMAND, ...args], {
      cwd: this.folder,
      detached: true,
      env: {
        PATH: `${join(this.folder, "bin")}${delimiter}${process.env.PATH}`,
        HOME: this.folder,
        XDG_STATE_HOME: join(this.folder, "state-home"),
        XDG_CACHE_HOME: join(this.folder, "cache"),
        TMPDIR: join(this.folder, "tmp"),
        TF_VAR_registry_password: PASSWORD,
        FAKE_ENGINE: this.#engine,
        FAKE_STATE: this.stateFile,
        ...this.variables,
      },
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk) => (stdout += chunk));
    child.stderr.on("data", (chunk) => (stderr += chunk));
    // Its output stays open as long as a Terraform that it left runs on.
    const end = once(child, "exit").then(([code]) => ({ code: (code as number | null) ?? -1, stdout, stderr }));
    return { process: child, end, said: () => stderr };
  }

  /** Runs a command to its end. */
  public run(...args: string[]): Promise<Outcome> {
    return this.start(...args).end;
  }

  /** Lets the app give an image to the container of a database. */
  public setDatabaseImage(image: string): void {
    const file = join(this.folder, "stack.json");
    const stack = JSON.parse(readFileSync(file, "utf8")) as {
      resource: { docker_container: { [id: string]: object } };
    };
    Object.assign(stack.resource.docker_container.postgres ?? {}, { image });
    writeFileSync(file, JSON.stringify(stack));
  }

  /** Keeps Terraform from ending the operation that it works on, until `release()` or an interrupt. */
  public hold(): void {
    writeFileSync(`${this.stateFile}.hold`, "");
  }

  public release(): void {
    rmSync(`${this.stateFile}.hold`);
  }

  public remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #writeApp(): void {
    const stack = {
      resource: {
        docker_network: { network: { name: NETWORK } },
        docker_container: Object.fromEntries(
          Object.entries(CONTAINERS).map(([name, role]) => [
            name.replace("fake-", ""),
            { name, labels: [{ label: ROLE_LABEL, value: role }], must_run: !role.endsWith("-job") },
          ]),
        ),
        docker_volume: {},
        ...(this.image && { docker_image: { image: { name: this.image } } }),
      },
      ...(this.image && {
        variable: { registry_password: { type: "string", sensitive: true } },
        provider: {
          docker: [
            {
              registry_auth: [
                {
                  address: this.image.replace(/\/.*$/, ""),
                  username: "ada",
                  password: "${var.registry_password}",
                },
              ],
            },
          ],
        },
      }),
      terraform: { backend: { local: { path: "../../../state.json" } } },
    };
    const manifest = {
      version: "0",
      stacks: {
        fake: { name: "fake", synthesizedStackPath: "stacks/fake/cdk.tf.json", workingDirectory: "stacks/fake" },
      },
    };
    writeFileSync(join(this.folder, "stack.json"), JSON.stringify(stack));
    writeFileSync(join(this.folder, "manifest.json"), JSON.stringify(manifest));
    const app =
      "mkdir -p cdktf.out/stacks/fake && cp stack.json cdktf.out/stacks/fake/cdk.tf.json && cp manifest.json cdktf.out/";
    writeFileSync(join(this.folder, "cdktf.json"), JSON.stringify({ app }));
  }
}

// A run may remove its files meanwhile.
function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

interface State {
  readonly resources: { readonly instances: { readonly attributes: { readonly id: string } }[] }[];
}
