import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { minVersion, satisfies } from "semver";
import { packagePath } from "../../lib/values/package-folder";
import { runOk } from "../support/run";

jest.setTimeout(10 * 60_000);

const YARN = ["npx", "--yes", "--package", "@yarnpkg/cli-dist@4.18.1", "--", "yarn"];
const PNPM = ["npx", "--yes", "pnpm@10.34.9"];
const NPM = ["npm"];

interface SynthesizedImage {
  readonly build?: { readonly context: string };
}

interface Manager {
  readonly command: string[];
  readonly install: string[];
  readonly run: string[];
  readonly settings?: string;
}

const MANAGERS: { [name: string]: Manager } = {
  npm: { command: NPM, install: ["install", "--prefer-offline"], run: ["exec", "--", "node"] },
  pnpm: { command: PNPM, install: ["install", "--prefer-offline"], run: ["exec", "node"] },
  "Yarn with node_modules": {
    command: YARN,
    install: ["install"],
    run: ["node"],
    settings: "nodeLinker: node-modules",
  },
  "Yarn with Plug'n'Play": { command: YARN, install: ["install"], run: ["node"], settings: "nodeLinker: pnp" },
};

interface Lock {
  readonly packages: { readonly [path: string]: { readonly engines?: { readonly node?: string } } };
}

const APP = `
const { App } = require("cdktf");
const { MlflowStack } = require("cdktf-mlflow");

const app = new App({ outdir: "out" });
new MlflowStack(app, "mlflow");
app.synth();
`;

describe("The packed library", () => {
  const folder = mkdtempSync(join(tmpdir(), "mlflow-managers-"));
  const { devDependencies } = JSON.parse(readFileSync(packagePath("package.json"), "utf8"));
  const synthesized: { [manager: string]: { resource: { docker_image: { [name: string]: SynthesizedImage } } } } = {};
  let archive: string;

  beforeAll(async () => {
    const packed = await runOk("npm", ["pack", "--json", "--pack-destination", folder], { cwd: packagePath() });
    archive = join(folder, JSON.parse(packed.slice(packed.indexOf("[\n")))[0].filename);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(Object.entries(MANAGERS))("is installed by %s, and its app is synthesized", async (name, manager) => {
    const app = join(folder, name.replaceAll(/\W/g, "-"));
    const peers = ["cdktf", "constructs", "@cdktf/provider-docker", "@cdktf/provider-random"];
    const versions = Object.fromEntries(peers.map((peer) => [peer, devDependencies[peer]]));
    const dependencies = { "cdktf-mlflow": `file:${archive}`, ...versions };
    const registry = (await runOk("npm", ["config", "get", "registry"])).trim();
    const env = { YARN_NPM_REGISTRY_SERVER: registry, YARN_ENABLE_TELEMETRY: "0", YARN_ENABLE_IMMUTABLE_INSTALLS: "0" };
    mkdirSync(app);
    writeFileSync(join(app, "package.json"), JSON.stringify({ name: "consumer", private: true, dependencies }));
    writeFileSync(join(app, "main.js"), APP);
    // Yarn looks for its project from here on.
    if (manager.settings) writeFileSync(join(app, "yarn.lock"), "");
    if (manager.settings) writeFileSync(join(app, ".yarnrc.yml"), `${manager.settings}\n`);
    const [program = "", ...words] = manager.command;

    await runOk(program, [...words, ...manager.install], { cwd: app, env });
    await runOk(program, [...words, ...manager.run, "main.js"], { cwd: app, env });

    const stack = join(app, "out", "stacks", "mlflow");
    synthesized[name] = JSON.parse(readFileSync(join(stack, "cdk.tf.json"), "utf8"));
    const contexts = Object.values(synthesized[name].resource.docker_image).flatMap(
      ({ build }) => build?.context ?? [],
    );
    expect(contexts).toHaveLength(1);
    for (const context of contexts) {
      expect(readFileSync(join(stack, context, "Dockerfile"), "utf8")).toContain("FROM ");
    }
  });

  test("takes no package that needs a newer Node.js than it names itself", () => {
    const lock = JSON.parse(readFileSync(join(folder, "npm", "package-lock.json"), "utf8")) as Lock;
    const needs = (name: string) => lock.packages[name]?.engines?.node ?? "*";
    const lowest = minVersion(needs("node_modules/cdktf-mlflow"))?.version ?? "";

    expect(lowest).toMatch(/^20\./);
    expect(Object.keys(lock.packages).filter((name) => !satisfies(lowest, needs(name)))).toEqual([]);
  });

  test.each(Object.keys(MANAGERS).slice(1))("makes the same stack with %s as with npm", (name) => {
    expect(synthesized[name]).toBeDefined();
    expect(synthesized[name]).toEqual(synthesized.npm);
  });
});
