import type { EgressOptions, MlflowFeatureOptions, UserOptions } from "../../../lib";
import { AppDeployment } from "./app-deployment";
import { basicAuth, send } from "../clients/http-request";
import type { Received } from "../clients/http-request";
import { run, runOk } from "../run";

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
    const log = await runOk("sh", ["-c", `docker logs ${this.id}-server 2>&1`]);
    return new Set([...log.matchAll(/[?&]call=(\d+)\./g)].map(([, id]) => Number(id)));
  }

  /** Runs a Python script in a container of its own on the internal network. */
  public async inside(script: string): Promise<string> {
    const image = (await runOk("docker", ["inspect", "-f", "{{.Image}}", `${this.id}-server`])).trim();
    const network = `${this.id}-network-internal`;
    return runOk("docker", ["run", "--rm", "-i", "--network", network, "-u", "1000:1000", image, "python", "-"], {
      input: script,
    });
  }

  /** Runs MLflow's command beside the server, with its settings but for those given. */
  public mlflow(settings: { [name: string]: string }, ...args: string[]) {
    const environment = Object.entries(settings).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    return run("docker", ["exec", ...environment, `${this.id}-server`, "mlflow", ...args]);
  }
}
