import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import * as library from "../../lib";
import { REPOSITORY } from "../support/repository";
import { run, runOk } from "../support/run";

jest.setTimeout(5 * 60_000);

const APP = `
import { DockerProvider } from "@cdktf/provider-docker/lib/provider";
import { RandomProvider } from "@cdktf/provider-random/lib/provider";
import { App, TerraformStack } from "cdktf";
import { AuthGateway, AuthMethod, ContainerNetwork, MinioStore, MlflowServer, PostgresStore, ProviderVersions } from "cdktf-mlflow";

const app = new App();
const stack = new TerraformStack(app, "own");
new DockerProvider(stack, "docker");
new RandomProvider(stack, "random");
ProviderVersions.pin(stack);

const network = new ContainerNetwork(stack, "network");
const backendStore = new PostgresStore(stack, "postgres", { network });
const artifactStore = new MinioStore(stack, "minio", { network });
const upstream = new MlflowServer(stack, "server", { network, backendStore, artifactStore });
new AuthGateway(stack, "gateway", { network, upstream, auth: AuthMethod.basic(), url: "http://localhost:8080" });
app.synth();
`;

describe("The packed library", () => {
  const folder = mkdtempSync(join(tmpdir(), "mlflow-package-"));
  const { devDependencies } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8"));
  let archive: string;
  let paths: string[];

  beforeAll(async () => {
    const packed = await runOk("npm", ["pack", "--json", "--pack-destination", folder], { cwd: REPOSITORY });
    const [{ filename, files }] = JSON.parse(packed.slice(packed.indexOf("[\n")));
    archive = join(folder, filename);
    paths = files.map(({ path }: { path: string }) => path);
    const peers = [
      "cdktf",
      "constructs",
      "@cdktf/provider-docker",
      "@cdktf/provider-random",
      "typescript",
      "@types/node",
    ];
    writeFileSync(
      join(folder, "package.json"),
      JSON.stringify({
        name: "somebody-elses-app",
        private: true,
        dependencies: {
          "cdktf-mlflow": `file:${filename}`,
          ...Object.fromEntries(peers.map((name) => [name, devDependencies[name]])),
        },
      }),
    );
    await runOk("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline"], { cwd: folder });
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("is used construct by construct in another app, with its types", async () => {
    writeFileSync(join(folder, "main.ts"), APP);
    const flags = ["--strict", "--module", "node20", "--skipLibCheck", "main.ts"];
    await runOk(join(folder, "node_modules", ".bin", "tsc"), flags, { cwd: folder });
    await runOk(process.execPath, ["main.js"], { cwd: folder });

    const { resource } = JSON.parse(readFileSync(join(folder, "cdktf.out", "stacks", "own", "cdk.tf.json"), "utf8"));
    expect(
      Object.keys(resource.docker_container)
        .filter((name) => !name.includes("_"))
        .sort(),
    ).toEqual(["gateway", "minio", "postgres", "server"]);
  });

  test("is imported by ES modules, every name of it", async () => {
    writeFileSync(
      join(folder, "main.mjs"),
      'import * as library from "cdktf-mlflow";\nconsole.log(JSON.stringify(Object.keys(library)));\n',
    );
    const names = JSON.parse(await runOk(process.execPath, ["main.mjs"], { cwd: folder }));

    expect(names).toEqual(expect.arrayContaining(Object.keys(library)));
  });

  test("is required by CommonJS modules", async () => {
    const script = 'console.log(require("cdktf-mlflow").MlflowStack.name)';

    expect(await runOk(process.execPath, ["-e", script], { cwd: folder })).toBe("MlflowStack\n");
  });

  test("has its types in an app of ES modules", async () => {
    const app = join(folder, "esm");
    mkdirSync(app);
    writeFileSync(join(app, "package.json"), JSON.stringify({ type: "module" }));
    writeFileSync(
      join(app, "main.ts"),
      'import { App } from "cdktf";\nimport { MlflowStack } from "cdktf-mlflow";\nnew MlflowStack(new App(), "esm", { url: "http://localhost:1" });\n',
    );
    const compile = (...flags: string[]) =>
      run(
        join(folder, "node_modules", ".bin", "tsc"),
        ["--strict", "--module", "nodenext", "--skipLibCheck", ...flags],
        {
          cwd: app,
        },
      );

    expect(await compile("main.ts")).toMatchObject({ code: 0 });
    writeFileSync(join(app, "wrong.ts"), 'import { MlflowStack } from "cdktf-mlflow";\nnew MlflowStack(1, "wrong");\n');
    expect((await compile("--noEmit", "wrong.ts")).stdout).toContain(
      "wrong.ts(2,17): error TS2345: Argument of type 'number'",
    );
    expect(await runOk(process.execPath, ["main.js"], { cwd: app })).toBe("");
  });

  test("is installed beside cdktn, under the name of cdktf, as the README says", async () => {
    const app = mkdtempSync(join(tmpdir(), "mlflow-package-cdktn-"));
    const dependencies = JSON.parse(readFileSync(join(REPOSITORY, "__tests__", "cdktn", "package.json"), "utf8"));
    writeFileSync(
      join(app, "package.json"),
      JSON.stringify({ ...dependencies, dependencies: { ...dependencies.dependencies, "cdktf-mlflow": archive } }),
    );
    await runOk("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline"], { cwd: app });
    const script =
      'const { App } = require("cdktf"); const app = new App(); new (require("cdktf-mlflow").MlflowStack)(app, "own"); app.synth(); console.log(require("cdktf/package.json").name)';

    expect(await runOk(process.execPath, ["-e", script], { cwd: app })).toBe("cdktn\n");
    expect(readFileSync(join(app, "cdktf.out", "stacks", "own", "cdk.tf.json"), "utf8")).toContain("docker_container");
    rmSync(app, { recursive: true });
  });

  test("brings its command", async () => {
    const command = join(folder, "node_modules", ".bin", "mlflow-stack");

    expect(await runOk(command, ["--help"], { cwd: folder })).toContain("Usage: mlflow-stack");
    const { code, stderr } = await run(command, ["up", "--no-such-option"], { cwd: folder });
    expect([code, stderr]).toEqual([1, "error: unknown option '--no-such-option'\n"]);
  });

  test("holds what it needs, its types with their comments, and what is to be read", () => {
    expect(paths).toEqual(
      expect.arrayContaining([
        "action/action.yml",
        "action/workflow.yml",
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "SECURITY.md",
        "caddy/Caddyfile",
        "caddy/plugin/Dockerfile",
        "cli/verify/client.py",
        "dist/cli/index.js",
        "dist/main.js",
      ]),
    );
    const modules = paths.filter((path) => /^dist\/lib\/.*\.js$/.test(path));
    expect(modules.filter((path) => !paths.includes(path.replace(/\.js$/, ".d.ts")))).toEqual([]);
    expect(modules).toContain("dist/lib/index.js");
    expect(
      readFileSync(join(folder, "node_modules", "cdktf-mlflow", "dist", "lib", "stack", "mlflow-stack.d.ts"), "utf8"),
    ).toContain('@default "http://localhost:8080"');
  });

  test("has every page and picture that its pages link to, but those about the sources", () => {
    const ofSources = /^(CONTRIBUTING\.md|main\.ts|(\.github|lib|cli|caddy|__tests__|bench|offline)(\/|$))/;
    const pages = paths.filter((path) => path.endsWith(".md") && !path.startsWith("CHANGELOG"));
    const missing = pages.flatMap((page) =>
      [...readFileSync(join(REPOSITORY, page), "utf8").matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)]
        .map(([, link = ""]) => relative(".", join(dirname(page), link)))
        .filter(
          (target) =>
            !ofSources.test(target) && !paths.some((path) => path === target || path.startsWith(`${target}/`)),
        )
        .map((target) => `${page} -> ${target}`),
    );

    expect(pages).toEqual(expect.arrayContaining(["README.md", "docs/restore.md", "examples/README.md"]));
    expect(missing).toEqual([]);
  });

  test("lets nobody import its inner files, which change without notice", async () => {
    const inner = (name: string) => run(process.execPath, ["-e", `require("cdktf-mlflow/${name}")`], { cwd: folder });

    expect((await inner("dist/lib/values/releases")).stderr).toContain("ERR_PACKAGE_PATH_NOT_EXPORTED");
    expect((await inner("package.json")).code).toBe(0);
  });

  test("installs no compiler, which only a checkout needs", () => {
    const installed = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8")).packages;
    const ours = Object.keys(installed).map((path) => path.replace("node_modules/", ""));

    expect(ours.filter((name) => ["tsx", "esbuild", "@swc/core"].includes(name))).toEqual([]);
  });

  test("leaves sources, tests, tools and state at home, and stays small", () => {
    const foreign =
      /__tests__|_test\.go$|^(bench|node_modules|offline\/go\/compose)\/|^caddy\/.*\.md$|tfstate|\.env|\.snap$|^(?!examples\/).*(?<!\.d)\.ts$/;

    expect(paths.filter((path) => foreign.test(path))).toEqual([]);
    expect(statSync(archive).size).toBeLessThan(900 * 1024);
  });
});
