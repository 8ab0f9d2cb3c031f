import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packagePath } from "../../lib/values/package-folder";
import { NODE_TYPESCRIPT } from "../support/repository";
import { Deployment, offlineSettings } from "../support/stacks/deployment";
import { run, runOk } from "../support/run";

jest.setTimeout(10 * 60_000);

const EXAMPLES = { "beside-your-own": "research", "external-stores": "mlflow", "shared-database": "teams" };
const [NODE = "", ...LOADER] = NODE_TYPESCRIPT;
const MAIN = (name: string) => packagePath("examples", name, "main.ts");
// where the name of the package leads to its sources.
const TYPESCRIPT = { TSX_TSCONFIG_PATH: packagePath("tsconfig.json") };

/** An example that is deployed by `mlflow-stack`, in a folder of its own. */
function deploymentOf(name: string, id: string, port: number, variables = {}): Deployment {
  const deployment = new Deployment(id, port, { ...TYPESCRIPT, ...variables });
  const command = [...NODE_TYPESCRIPT, MAIN(name)].map((word) => `'${word}'`).join(" ");
  writeFileSync(join(deployment.folder, "cdktf.json"), JSON.stringify({ app: command, language: "typescript" }));
  return deployment;
}

/** What MLflow answers to a user. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the JSON of MLflow has no type here
async function ask(url: string, login: string, path: string, body?: object): Promise<any> {
  const response = await fetch(`${url}/api/2.0/mlflow/${path}`, {
    method: body ? "POST" : "GET",
    headers: { Authorization: `Basic ${Buffer.from(login).toString("base64")}`, "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

describe("Terraform, with the real providers", () => {
  test.each(Object.entries(EXAMPLES))("takes the example %s", async (name, id) => {
    const folder = mkdtempSync(join(tmpdir(), "mlflow-example-"));
    await runOk(NODE, [...LOADER, MAIN(name)], { env: { ...TYPESCRIPT, CDKTF_OUTDIR: folder } });
    const at = { cwd: join(folder, "stacks", id), env: await offlineSettings() };
    const init = await run("terraform", ["init", "-backend=false", "-input=false", "-no-color"], at);
    const validate = await run("terraform", ["validate", "-no-color"], at);
    rmSync(folder, { recursive: true });

    expect({ init: init.code, stderr: init.stderr }).toEqual({ init: 0, stderr: "" });
    expect(validate).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("The example beside-your-own", () => {
  const deployment = deploymentOf("beside-your-own", "e2e-lib-own", 18350);
  afterAll(() => deployment.destroy());

  test("trains, and hands in a run with its file", async () => {
    await deployment.commandOk(["up", "--yes"]);
    const login = `ada:${await deployment.output("password")}`;
    const get = (path: string) => ask(deployment.url, login, path);
    const { experiment } = await get("experiments/get-by-name?experiment_name=hourly%20training");
    const { runs } = await ask(deployment.url, login, "runs/search", { experiment_ids: [experiment.experiment_id] });

    expect(runs).toHaveLength(1);
    expect(runs[0].info.status).toBe("FINISHED");
    const { files } = await get(`artifacts/list?run_id=${runs[0].info.run_id}`);
    expect(files).toEqual([expect.objectContaining({ path: "model.txt" })]);
  });

  test("does not change in a second plan", async () => {
    expect(await deployment.plan()).toEqual({});
  });

  test("cannot pass the gateway by", async () => {
    const connect = (host: string) => `import socket; socket.create_connection((${JSON.stringify(host)}, 5000), 3)`;
    const outcome = await run("docker", ["exec", "e2e-lib-own-trainer", "python", "-c", connect("e2e-lib-own-server")]);

    expect([outcome.code, outcome.stderr]).toEqual([1, expect.stringContaining("gaierror")]);
  });
});

describe("The example shared-database", () => {
  const deployment = deploymentOf("shared-database", "e2e-lib-teams", 18352, { FIRST_PORT: "18352" });
  const login = async (team: string) => `${team}:${await deployment.output(`${team}_password`)}`;
  afterAll(() => deployment.destroy());

  test("keeps what the two teams do apart, in two databases of one server", async () => {
    await deployment.commandOk(["up", "--yes"]);
    const [research, production] = ["http://localhost:18352", "http://localhost:18353"] as const;
    await ask(research, await login("research"), "experiments/create", { name: "ours" });
    const names = async (url: string, team: string) => {
      const { experiments } = await ask(url, await login(team), "experiments/search", { max_results: 10 });
      return experiments.map(({ name }: { name: string }) => name).sort();
    };

    expect(await names(research, "research")).toEqual(["Default", "ours"]);
    expect(await names(production, "production")).toEqual(["Default"]);
  });

  test("lets no team into the other's database", async () => {
    const settings = "/run/secrets/pg_service.conf";
    const script = [
      `import psycopg2; text = open("${settings}").read().replace("dbname=production", "dbname=research")`,
      'values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)',
      "psycopg2.connect(**values)",
    ].join("\n");
    const outcome = await run("docker", ["exec", "e2e-lib-teams-production-server", "python", "-c", script]);

    expect([outcome.code, outcome.stderr]).toEqual([
      1,
      expect.stringContaining('permission denied for database "research"'),
    ]);
  });

  test("does not change in a second plan", async () => {
    expect(await deployment.plan()).toEqual({});
  });
});
