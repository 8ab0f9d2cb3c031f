import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RELEASES } from "../../lib/values/releases";
import { markdownTable } from "../support/docs/markdown-table";
import { REPOSITORY } from "../support/repository";
import { run, runOk } from "../support/run";
import { javaClientImage } from "../support/servers/java-client";
import { mlflowImage, startPlainMlflow } from "../support/servers/plain-mlflow";
import { Deployment, removeLeftovers } from "../support/stacks/deployment";

jest.setTimeout(60 * 60_000);

const ID = "soak-clients";
const PLAIN = `${ID}-plain`;
// The oldest that people still have, the last one of 2, two of 3, and the server's own.
const CLIENTS = ["2.9.2", RELEASES.mlflow.old.version, "3.1.4", "3.10.1", RELEASES.mlflow.version];
// The newest that Maven Central has.
const JAVA_CLIENT = "2.17.2";
const PROGRAM = readFileSync(join(REPOSITORY, "__tests__", "support", "clients", "every-call.py"), "utf8");
const stack = new Deployment(ID, 21820);

type Outcomes = { readonly [call: string]: string };

/** Starts the stack's MLflow without the gateway, as its users would: beside it, with a database and a folder of its own. */
async function startPlain(): Promise<void> {
  await runOk("docker", ["exec", `${ID}-postgres`, "psql", "-q", "-U", "mlflow", "-c", "create database plain"]);
  const image = (await runOk("docker", ["inspect", "--format", "{{.Image}}", `${ID}-server`])).trim();
  const secrets = `${PLAIN}-secrets`;
  await runOk("docker", ["volume", "create", secrets]);
  await runOk("sh", [
    "-euc",
    `docker cp ${ID}-server:/run/secrets/. - | docker run --rm -i --user root --volume ${secrets}:/s ${image} \\
      sh -c "cd /s && tar x && sed -i s/^dbname=.*/dbname=plain/ pg_service.conf && chmod -R a+rX ."`,
  ]);
  const options = ["--host", "0.0.0.0", "--allowed-hosts", "*", "--workers", "2"];
  await startPlainMlflow(ID, { name: PLAIN, image, secrets, destination: "s3://mlflow/plain", options });
}

interface Client {
  readonly image: string;
  readonly command: string[];

  /** What the command reads, with the settings of a server: they hold a password, so that no argument may have them. */
  input(settings: { readonly [name: string]: string }): string;
}

function pythonImage(release: string): Promise<string> {
  // with what MLflow needs for images, tables and datasets.
  const requirements = [`mlflow-skinny==${release}`, "pandas<3", "numpy<2", "pillow"];
  return mlflowImage(`mlflow-client:${release}`, requirements);
}

async function pythonClient(release: string): Promise<Client> {
  const input = (settings: object) => `import os\nos.environ.update(${JSON.stringify(settings)})\n${PROGRAM}`;
  return { image: await pythonImage(release), command: ["python", "-"], input };
}

async function javaClient(): Promise<Client> {
  const input = (settings: object) =>
    Object.entries(settings)
      .map(([name, value]) => `export ${name}='${String(value)}'\n`)
      .join("") + "exec java EveryCall\n";
  const image = await javaClientImage(await pythonImage(RELEASES.mlflow.version), JAVA_CLIENT);
  return { image, command: ["sh", "-eu"], input };
}

/** What comes of each call of a client, through the gateway and without it. */
async function bothOutcomes({ image, command, input }: Client, release: string): Promise<[Outcomes, Outcomes]> {
  const outcomes = async (network: string, settings: { [name: string]: string }): Promise<Outcomes> => {
    const output = await runOk(
      "docker",
      ["run", "--rm", "-i", "--network", network, "-u", "1000:1000", "-e", "HOME=/tmp", image, ...command],
      { input: input(settings) },
    );
    const found = JSON.parse(/^OUTCOMES (.*)$/m.exec(output)?.[1] ?? "{}") as { client?: string; outcomes: Outcomes };
    expect(found.client).toBe(release);
    return found.outcomes;
  };
  const login = { MLFLOW_TRACKING_USERNAME: "admin", MLFLOW_TRACKING_PASSWORD: await stack.output("password") };
  return [
    await outcomes(`container:${ID}-gateway`, { MLFLOW_TRACKING_URI: stack.url, ...login }),
    await outcomes(`${ID}-network-internal`, { MLFLOW_TRACKING_URI: `http://${PLAIN}:5000` }),
  ];
}

/** Compares the outcomes with the calls of which docs/clients.md says that they differ for this language's client. */
function expectDocumented(language: string, [here, plain]: [Outcomes, Outcomes]): void {
  const page = readFileSync(join(REPOSITORY, "docs", "clients.md"), "utf8");
  const rows = markdownTable(page, "| call").filter(({ clients = "" }) => clients.includes(language));
  const said = new Set(rows.map(({ call = "" }) => call));
  const differences = [...new Set([...Object.keys(here), ...Object.keys(plain)])]
    .filter((name) => here[name] !== plain[name])
    .map((name) => ({ name, here: here[name], plain: plain[name] }));
  expect(differences.filter(({ name }) => !said.has(name))).toEqual([]);
  expect([...said].filter((call) => !differences.some(({ name }) => name === call))).toEqual([]);
}

beforeAll(async () => {
  await removeLeftovers(ID);
  await stack.commandOk(["up", "--yes"]);
  await startPlain();
});

afterAll(async () => {
  await run("docker", ["rm", "--force", "--volumes", PLAIN]);
  await stack.destroy();
  await removeLeftovers(ID);
});

test.each(CLIENTS)(
  "The client of MLflow %s gets from the gateway what MLflow answers, but for what docs/clients.md says",
  async (client) => {
    const found = await bothOutcomes(await pythonClient(client), client);
    expect(Object.keys(found[0]).length).toBeGreaterThan(70);
    expectDocumented("Python", found);
  },
);

test("Java's client gets from the gateway what MLflow answers, but for what docs/clients.md says", async () => {
  const found = await bothOutcomes(await javaClient(), JAVA_CLIENT);
  expect(Object.keys(found[0]).length).toBeGreaterThan(65);
  expect(found[0]["a wrong password"]).toContain("statusCode=401");
  expect(found[0]["files: listed"]).toBe(found[1]["files: listed"]);
  expectDocumented("Java", found);
});
