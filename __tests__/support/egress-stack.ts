import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makePair } from "./certificate";
import { NODE_TYPESCRIPT, REPOSITORY, offlineSettings, removeLeftovers } from "./deployment";
import { eventually, run, runOk } from "./run";
import type { Outcome } from "./run";

const DOMAIN = "example.test";

const TRUST = [
  "import certifi, ssl",
  "pem = open('/stand-in/certificate.pem').read()",
  "[open(file, 'a').write(pem) for file in (certifi.where(), ssl.get_default_verify_paths().openssl_cafile)]",
].join("; ");

/** What the server's options are made from, so that they can stand in a file. */
export interface EgressSettings {
  readonly providers?: { readonly name: string; readonly hosts: string[] }[];
  readonly webhooks?: string[];
  readonly privateHosts?: { readonly [host: string]: string };
}

/** A request that the stand-in got. */
export interface StandInRequest {
  readonly host: string;
  readonly path: string;
  readonly key: string | null;
  readonly body: string;
}

/**
 * A stack with a way out, in an app of its own, and a container on that way that stands in for hosts of the world outside.
 *
 * MLflow's image trusts the stand-in's certificate, as images of companies with their own authority do.
 */
export class EgressStack {
  /** Address of the gateway. */
  public readonly url: string;

  private readonly folder = mkdtempSync(join(tmpdir(), "mlflow-e2e-egress-"));
  private image = "";

  /**
   * @param id id of the stack, which begins every name on the engine.
   * @param port port on 127.0.0.1.
   */
  constructor(
    public readonly id: string,
    port: number,
  ) {
    this.url = `http://localhost:${port}`;
  }

  /** Makes the images and the app. */
  public async prepare(): Promise<void> {
    await removeLeftovers(this.id);
    const { certificate, privateKey } = makePair(`*.${DOMAIN}`);
    const context = join(this.folder, "image");
    mkdirSync(context);
    writeFileSync(join(context, "certificate.pem"), certificate);
    writeFileSync(join(context, "key.pem"), privateKey, { mode: 0o644 });
    const mlflow = (await offlineSettings()).MLFLOW_IMAGE ?? "ghcr.io/mlflow/mlflow:v3.17.2-full";
    writeFileSync(
      join(context, "Dockerfile"),
      [
        `FROM ${mlflow}`,
        "USER root",
        "COPY certificate.pem key.pem /stand-in/",
        // what MLflow's two clients trust: requests its own list, aiohttp that of the system.
        `RUN python -c "${TRUST}"`,
      ].join("\n"),
    );
    this.image = `localhost/${this.id}/mlflow:1`;
    await runOk("docker", ["build", "--quiet", "--tag", this.image, context]);

    symlinkSync(join(REPOSITORY, "node_modules"), join(this.folder, "node_modules"));
    writeFileSync(join(this.folder, "tsconfig.json"), JSON.stringify({ compilerOptions: { resolveJsonModule: true } }));
    writeFileSync(join(this.folder, "main.ts"), this.program());
  }

  /** Applies these settings. */
  public async deploy(settings: EgressSettings): Promise<void> {
    writeFileSync(join(this.folder, "settings.json"), JSON.stringify(settings));
    const [node = "", ...loader] = NODE_TYPESCRIPT;
    await runOk(node, [...loader, "main.ts"], {
      cwd: this.folder,
      env: { ...(await offlineSettings()), MLFLOW_IMAGE: this.image, CDKTF_OUTDIR: join(this.folder, "cdktf.out") },
    });
    for (const args of [["init"], ["apply", "-auto-approve"]]) {
      const { code, stdout, stderr } = await this.terraform(...args);
      if (code !== 0) throw new Error(`terraform ${args.join(" ")}: ${stdout}\n${stderr}`);
    }
  }

  public async terraform(...args: string[]): Promise<Outcome> {
    return run("terraform", [...args, "-input=false", "-no-color"], {
      cwd: join(this.folder, "cdktf.out", "stacks", this.id),
      env: await offlineSettings(),
    });
  }

  /** The password of a user. */
  public async password(user: string): Promise<string> {
    const { stdout } = await run("terraform", ["output", "-json", "passwords"], {
      cwd: join(this.folder, "cdktf.out", "stacks", this.id),
      env: await offlineSettings(),
    });
    return (JSON.parse(stdout) as { [name: string]: string })[user] ?? "";
  }

  /** The range of the network on which the proxy finds the stand-in. */
  public async passageRange(): Promise<string> {
    const format = "{{(index .IPAM.Config 0).Subnet}}";
    return (await runOk("docker", ["network", "inspect", "--format", format, `${this.id}-network-passage`])).trim();
  }

  /** Starts the stand-in where the proxy looks for hosts, under these names, and returns its address there. */
  public async startStandIn(names: string[]): Promise<string> {
    const network = `${this.id}-network-passage`;
    await runOk("docker", [
      ...["run", "--detach", "--name", `${this.id}-stand-in`, "--network", network, "--user", "1000:1000"],
      ...names.flatMap((name) => ["--network-alias", `${name}.${DOMAIN}`]),
      ...["--volume", `${join(REPOSITORY, "__tests__", "support", "stand-in.py")}:/stand-in.py:ro`],
      ...["--entrypoint", "python", this.image, "/stand-in.py"],
    ]);
    const listens = "import socket; socket.create_connection(('127.0.0.1', 443), 1)";
    await eventually("the stand-in listens", 20, async () => {
      const { code } = await run("docker", ["exec", `${this.id}-stand-in`, "python", "-c", listens]);
      return code === 0;
    });
    const format = `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`;
    return (await runOk("docker", ["inspect", "--format", format, `${this.id}-stand-in`])).trim();
  }

  /** Takes the stand-in away: a network with somebody on it stays. */
  public async stopStandIn(): Promise<void> {
    await runOk("docker", ["rm", "--force", `${this.id}-stand-in`]);
  }

  /** What the stand-in got so far. */
  public async received(): Promise<StandInRequest[]> {
    const { stdout } = await run("docker", ["logs", `${this.id}-stand-in`]);
    return stdout
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as StandInRequest);
  }

  /** What the proxy logged of connections. */
  public async proxyLog(): Promise<{ [field: string]: unknown }[]> {
    const { stdout } = await run("docker", ["logs", `${this.id}-server-egress`]);
    return stdout
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as { [field: string]: unknown })
      .filter(({ logger }) => logger === "egress");
  }

  /** Runs a Python script in the container of the server, as the server's user. */
  public async inServer(script: string): Promise<string> {
    return runOk("docker", ["exec", "-i", `${this.id}-server`, "python", "-"], { input: script });
  }

  /** Runs a Python script with MLflow's client, as a user beside the gateway. */
  public async python(user: string, script: string): Promise<string> {
    const settings = {
      MLFLOW_TRACKING_URI: this.url,
      MLFLOW_TRACKING_USERNAME: user,
      MLFLOW_TRACKING_PASSWORD: await this.password(user),
      GIT_PYTHON_REFRESH: "quiet",
    };
    return runOk(
      "docker",
      [
        ...["run", "--rm", "-i", "--network", `container:${this.id}-gateway`, "-u", "1000:1000", "-e", "HOME=/tmp"],
        ...["--entrypoint", "python", this.image, "-"],
      ],
      { input: `import os\nos.environ.update(${JSON.stringify(settings)})\n${script}` },
    );
  }

  /** Removes all of it. */
  public async remove(): Promise<void> {
    await removeLeftovers(this.id);
    await run("docker", ["image", "rm", "--force", this.image]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private program(): string {
    return `
import { App } from "cdktf";
import { AiProvider, AuthMethod, MlflowStack, Role, StackEnvironment } from "${REPOSITORY}/lib";
import settings from "./settings.json";

const app = new App();
const props = new StackEnvironment({ ...process.env, MLFLOW_URL: "${this.url}" }).props();
const { providers, webhooks, privateHosts } = settings as any;
new MlflowStack(app, "${this.id}", {
  ...props,
  auth: AuthMethod.basic({
    users: [
      { name: "ada", role: Role.ADMIN },
      { name: "will", role: Role.WRITE },
      { name: "rea", role: Role.READ },
    ],
  }),
  server: {
    ...props.server,
    features: {
      aiGateway: providers && { providers: providers.map((one: any) => AiProvider.at(one.name, one.hosts)) },
      webhooks: webhooks && { hosts: webhooks },
    },
    egress: { privateHosts },
    // what is not reached is not tried for minutes.
    environment: {
      MLFLOW_GATEWAY_ROUTE_TIMEOUT_SECONDS: "15",
      MLFLOW_WEBHOOK_REQUEST_MAX_RETRIES: "0",
      MLFLOW_WEBHOOK_REQUEST_TIMEOUT: "3",
    },
  },
});
app.synth();
`;
  }
}
