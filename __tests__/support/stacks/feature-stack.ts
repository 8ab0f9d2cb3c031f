import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { EgressOptions, MlflowFeatureOptions, UserOptions } from "../../../lib";
import { AppDeployment } from "./app-deployment";
import { REPOSITORY } from "../repository";
import { basicAuth, send } from "../clients/http-request";
import type { Received } from "../clients/http-request";
import { eventually, run, runOk } from "../run";

const REACH = readFileSync(join(REPOSITORY, "__tests__", "support", "clients", "reach.py"), "utf8");

/** What of a feature stack may differ. */
export interface FeatureSettings {
  readonly features: MlflowFeatureOptions;
  readonly users: readonly Pick<UserOptions, "name" | "role" | "workspace">[];
  readonly egress?: EgressOptions;
}

/** A stack for tests of features. MLflow logs its requests, so that one that reached it is seen. */
export class FeatureStack extends AppDeployment {
  private known: { [name: string]: string } = {};
  private calls = 0;

  /** Deploys it, or changes what is deployed. */
  public async up({ features, users, egress }: FeatureSettings): Promise<void> {
    this.writeApp(`
  auth: AuthMethod.basic({ users: ${JSON.stringify(users)} as never }),
  server: {
    ...environment.server,
    features: ${JSON.stringify(features)},
    egress: ${JSON.stringify(egress ?? {})},
    // room for the processes that wait for jobs.
    memory: ${features.jobExecution ? "DataSize.gibibytes(4)" : "undefined"},
    environment: { MLFLOW_UVICORN_OPTS: "--access-log" },
  },
`);
    await this.commandOk(["up", "--yes"]);
    this.known = await this.passwords();
  }

  /** A user's password; nobody has one without a name. */
  public passwordOf(name: string): string {
    return this.known[name] ?? "";
  }

  /** Asks the gateway as a user, or as nobody, and gives the number by which `reached` knows the request. */
  public async ask(
    user: string | undefined,
    method: string,
    path: string,
    { headers = [], body }: { headers?: readonly (readonly [string, string])[]; body?: string } = {},
  ): Promise<Received & { readonly id: number }> {
    const id = ++this.calls;
    const login = user === undefined ? [] : [basicAuth(user, this.passwordOf(user))];
    const json = body === undefined ? [] : [["Content-Type", "application/json"] as const];
    const address = `${path}${path.includes("?") ? "&" : "?"}call=${id}.`;
    return { ...(await send(this.url, { method, path: address, headers: [...login, ...json, ...headers], body })), id };
  }

  /** Numbers of those requests that MLflow has answered. */
  public async reached(): Promise<Set<number>> {
    // The engine keeps a line of the log some time after the answer. A last request's line comes after all others.
    const [user] = Object.keys(this.known);
    const { id: last } = await this.ask(user, "GET", "/version");
    return eventually("MLflow's log has the last request", 30, async () => {
      const log = await runOk("sh", ["-c", `docker logs ${this.id}-server 2>&1`]);
      const all = new Set([...log.matchAll(/[?&]call=(\d+)\./g)].map(([, id]) => Number(id)));
      return all.has(last) && all;
    });
  }

  /** Runs a Python script in a container of its own on the internal network. */
  public async inside(script: string): Promise<string> {
    const image = (await runOk("docker", ["inspect", "-f", "{{.Image}}", `${this.id}-server`])).trim();
    const network = `${this.id}-network-internal`;
    return runOk("docker", ["run", "--rm", "-i", "--network", network, "-u", "1000:1000", image, "python", "-"], {
      input: script,
    });
  }

  /** Those of the containers, each with a port, that take a connection from a network. */
  public async reach(
    network: string,
    containers: { [name: string]: readonly [container: string, port: number] },
  ): Promise<string[]> {
    const targets = await Promise.all(
      Object.entries(containers).map(async ([name, [container, port]]) => {
        const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}";
        const addresses = (await runOk("docker", ["inspect", "-f", format, container])).trim().split(" ");
        return [name, [container, ...addresses].map((address) => [address, port])] as const;
      }),
    );
    const image = (await runOk("docker", ["inspect", "-f", "{{.Image}}", `${this.id}-server`])).trim();
    const printed = await runOk(
      "docker",
      ["run", "--rm", "-i", "--network", network, "-u", "1000:1000", image, "python", "-c", REACH],
      { input: JSON.stringify(Object.fromEntries(targets)) },
    );
    return JSON.parse(printed) as string[];
  }

  /** Runs MLflow's command beside the server, with its settings but for those given. */
  public mlflow(settings: { [name: string]: string }, ...args: string[]) {
    const environment = Object.entries(settings).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    return run("docker", ["exec", ...environment, `${this.id}-server`, "mlflow", ...args]);
  }
}
