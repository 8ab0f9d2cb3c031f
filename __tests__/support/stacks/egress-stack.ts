import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MlflowServer } from "../../../lib";
import { AppDeployment } from "./app-deployment";
import { makePair } from "../servers/certificate";
import { REPOSITORY } from "../repository";
import { offlineSettings, removeLeftovers } from "./deployment";
import { eventually, run, runOk } from "../run";

const DOMAIN = "example.test";

const TRUST = [
  "import certifi, ssl",
  "pem = open('/stand-in/certificate.pem').read()",
  "[open(file, 'a').write(pem) for file in (certifi.where(), ssl.get_default_verify_paths().openssl_cafile)]",
].join("; ");

/** What of such a stack may differ. */
export interface EgressSettings {
  readonly providers?: { readonly name: string; readonly hosts: string[] }[];
  readonly webhooks?: string[];
  readonly privateHosts?: { readonly [host: string]: string };
}

/** A request that the stand-in got. */
export interface StandInRequest {
  readonly path: string;
  /** By names in lower case. */
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
}

/**
 * A stack with a way out, and a container on that way that stands in for hosts of the world outside.
 *
 * MLflow's image trusts the stand-in's certificate, as images of companies with their own authority do.
 */
export class EgressStack extends AppDeployment {
  private readonly image: string;

  constructor(id: string, port: number) {
    const image = `localhost/${id}/mlflow:1.0.0`;
    super(id, port, { MLFLOW_IMAGE: image });
    this.image = image;
  }

  /** Makes the image. */
  public async prepare(): Promise<void> {
    await removeLeftovers(this.id);
    const { certificate, privateKey } = makePair(`*.${DOMAIN}`);
    const context = join(this.folder, "image");
    mkdirSync(context);
    writeFileSync(join(context, "certificate.pem"), certificate);
    writeFileSync(join(context, "key.pem"), privateKey, { mode: 0o644 });
    const mlflow = (await offlineSettings()).MLFLOW_IMAGE ?? MlflowServer.defaultImage().name;
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
    await runOk("docker", ["build", "--quiet", "--tag", this.image, context]);
  }

  /** Applies these settings. */
  public async deploy({ providers, webhooks, privateHosts }: EgressSettings): Promise<void> {
    const features = [
      providers && `aiGateway: { providers: [${providers.map(asProvider).join(", ")}] }`,
      webhooks && `webhooks: { hosts: ${JSON.stringify(webhooks)} }`,
    ];
    this.writeApp(`
  auth: AuthMethod.basic({
    users: [{ name: "ada", role: "admin" }, { name: "will", role: "write" }, { name: "rea", role: "read" }] as never,
  }),
  server: {
    ...environment.server,
    features: { ${features.filter(Boolean).join(", ")} },
    egress: { privateHosts: ${JSON.stringify(privateHosts ?? {})} },
    // what is not reached is not tried for minutes.
    environment: {
      MLFLOW_GATEWAY_ROUTE_TIMEOUT_SECONDS: "15",
      MLFLOW_WEBHOOK_REQUEST_MAX_RETRIES: "0",
      MLFLOW_WEBHOOK_REQUEST_TIMEOUT: "3",
    },
  },
`);
    // Private addresses are a dangerous access.
    await this.commandOk(["up", "--yes", ...(privateHosts ? ["--allow-access"] : [])]);
  }

  /** The range of the network on which the proxy finds the stand-in. */
  public async egressLinkRange(): Promise<string> {
    const format = "{{(index .IPAM.Config 0).Subnet}}";
    return (await runOk("docker", ["network", "inspect", "--format", format, `${this.id}-network-passage`])).trim();
  }

  /** Starts the stand-in where the proxy looks for hosts, under these names, and returns its address there. */
  public async startStandIn(names: string[]): Promise<string> {
    const network = `${this.id}-network-passage`;
    await runOk("docker", [
      ...["run", "--detach", "--name", `${this.id}-stand-in`, "--network", network, "--user", "1000:1000"],
      ...names.flatMap((name) => ["--network-alias", `${name}.${DOMAIN}`]),
      ...["--volume", `${join(REPOSITORY, "__tests__", "support", "servers", "stand-in.py")}:/stand-in.py:ro`],
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
    const { stdout } = await run("docker", ["exec", `${this.id}-stand-in`, "cat", "/tmp/requests"]);
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

  /** Removes all of it, the image too. */
  public override async remove(): Promise<void> {
    await super.remove();
    await run("docker", ["image", "rm", "--force", this.image]);
  }
}

function asProvider({ name, hosts }: { name: string; hosts: string[] }): string {
  return `AiProvider.at(${JSON.stringify(name)}, ${JSON.stringify(hosts)})`;
}
