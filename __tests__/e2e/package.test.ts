import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REPOSITORY } from "../support/deployment";
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

const url = "http://localhost:8080";
const network = new ContainerNetwork(stack, "network");
const backendStore = new PostgresStore(stack, "postgres", { network });
const artifactStore = new MinioStore(stack, "minio", { network });
const upstream = new MlflowServer(stack, "server", { network, backendStore, artifactStore, url });
new AuthGateway(stack, "gateway", { network, upstream, auth: AuthMethod.basic(), url });
app.synth();
`;

describe("The packed library", () => {
  const folder = mkdtempSync(join(tmpdir(), "mlflow-package-"));
  const { devDependencies } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8"));

  beforeAll(async () => {
    const packed = await runOk("npm", ["pack", "--json", "--pack-destination", folder], { cwd: REPOSITORY });
    const [{ filename }] = JSON.parse(packed.slice(packed.indexOf("[\n")));
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

  test("is imported by ES modules", async () => {
    writeFileSync(
      join(folder, "main.mjs"),
      'import { MlflowStack } from "cdktf-mlflow";\nconsole.log(MlflowStack.name);\n',
    );

    expect(await runOk(process.execPath, ["main.mjs"], { cwd: folder })).toBe("MlflowStack\n");
  });

  test("brings its command", async () => {
    const command = join(folder, "node_modules", ".bin", "mlflow-stack");

    expect(await runOk(command, ["--help"], { cwd: folder })).toContain("Usage: mlflow-stack");
    const { code, stderr } = await run(command, ["up", "--no-such-option"], { cwd: folder });
    expect([code, stderr]).toEqual([1, "error: unknown option '--no-such-option'\n"]);
  });

  test("leaves sources, tests and state at home", async () => {
    const listed = await runOk("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: REPOSITORY });
    const [{ files }] = JSON.parse(listed.slice(listed.indexOf("[\n")));
    const paths: string[] = files.map(({ path }: { path: string }) => path);

    expect(paths).toEqual(
      expect.arrayContaining([
        "action/action.yml",
        "action/workflow.yml",
        "caddy/Caddyfile",
        "dist/lib/index.js",
        "dist/lib/index.d.ts",
        "dist/main.js",
      ]),
    );
    expect(paths.filter((path) => /__tests__|tfstate|node_modules|\.env/.test(path))).toEqual([]);
  });
});
