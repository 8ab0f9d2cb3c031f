import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ExitCode } from "../../cli/console/command-error";
import { REPOSITORY, offlineSettings, removeLeftovers } from "../support/stacks/deployment";
import { run, runOk } from "../support/run";
import { StoreApp } from "../support/stacks/store-app";

jest.setTimeout(5 * 60_000);

// A service with a volume, as small as one can be. `own` is a volume of the user's, as Terraform's own resource.
const MAIN = `
import { Volume } from "@cdktf/provider-docker/lib/volume";
import { DockerProvider } from "@cdktf/provider-docker/lib/provider";
import { App, LocalBackend, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { ContainerNetwork, DataSize, Duration, HealthCheck, ProviderVersions, ServiceImage } from "${REPOSITORY}/lib";
import settings from "./settings.json";

const { volume, hostPath, former, own } = settings as any;
const app = new App();
const stack = new TerraformStack(app, settings.stack);
new LocalBackend(stack, { path: settings.state });
new DockerProvider(stack, "docker");
stack.addOverride("terraform.required_providers.random", undefined);
ProviderVersions.pin(stack);
const network = new ContainerNetwork(stack, "network");
if (own) new Volume(stack, "own", { name: settings.stack + "-own", lifecycle: { preventDestroy: true } });
if (former) {
  new Volume(new Construct(stack, former), "Default", {
    name: settings.stack + "-" + former,
    lifecycle: { preventDestroy: true },
  });
}
network.addService(stack, "service", {
  image: ServiceImage.registry(process.env.POSTGRES_IMAGE ?? "postgres:18.6-trixie"),
  entrypoint: ["sh", "-c", "trap 'exit 0' TERM; sleep 100000 & wait"],
  user: "0:0",
  volumes: volume ? [{ volume: network.addVolume(stack, volume, { hostPath }), path: "/data" }] : [],
  memory: DataSize.mebibytes(64),
  healthCheck: HealthCheck.command(["true"], { interval: Duration.seconds(1) }),
  stopGrace: Duration.seconds(2),
});
app.synth();
`;

const app = new StoreApp("e2e-vol", MAIN);
const OTHER = "e2e-vol-other";
const service = `${app.id}-service`;

const exists = async (volume: string) => (await run("docker", ["volume", "inspect", volume])).code === 0;
/** What the service finds in its volume. */
const content = async (container = service) =>
  (await run("docker", ["exec", container, "cat", "/data/file"])).stdout.trim();
const write = async (text: string) => runOk("docker", ["exec", service, "sh", "-c", `echo ${text} > /data/file`]);
/** `terraform apply`, without `mlflow-stack`. */
const apply = async (settings: object) => {
  app.writeSettings(settings);
  await app.synthesize();
  const { code, stdout, stderr } = await app.terraform("apply", "-auto-approve", "-input=false", "-no-color");
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
};
/** Whether a plan of what is there now is empty. */
const isUpToDate = async () =>
  (await app.terraform("plan", "-detailed-exitcode", "-input=false", "-no-color")).code === 0;
const up = async (settings: object) => {
  app.writeSettings(settings);
  return app.command(["up", "--yes"]);
};

beforeAll(async () => {
  for (const id of [app.id, OTHER]) await removeLeftovers(id);
});

afterAll(async () => {
  for (const id of [app.id, OTHER]) await removeLeftovers(id);
  app.remove();
});

describe("A plain 'terraform apply' leaves the data where it is", () => {
  beforeAll(async () => {
    await apply({ volume: "data" });
    await write("first");
  });

  test("and a second plan is empty", async () => {
    expect(await isUpToDate()).toBe(true);
    expect(await content()).toBe("first");
  });

  test("when the construct of the volume is renamed, and when it gets its name back", async () => {
    await apply({ volume: "renamed" });
    expect(await exists(`${app.id}-data`)).toBe(true);
    expect(await content()).toBe("");

    await apply({ volume: "data" });
    expect(await content()).toBe("first");
    expect(await isUpToDate()).toBe(true);
  });

  test("when it moves to a folder of the host", async () => {
    const folder = join(app.outside, "data");
    mkdirSync(folder);
    await apply({ volume: "data", hostPath: folder });
    expect(await exists(`${app.id}-data`)).toBe(true);
    await apply({ volume: "data" });

    expect(await content()).toBe("first");
  });

  test("when the volume is no longer in the code", async () => {
    await apply({});
    expect(await exists(`${app.id}-data`)).toBe(true);
    await apply({ volume: "data" });

    expect(await content()).toBe("first");
  });

  test("when the id of the stack changes", async () => {
    const state = app.stateFile;
    app.writeSettings({ stack: OTHER, volume: "data" });
    await app.synthesize();
    const folder = join(app.folder, "cdktf.out", "stacks", OTHER);
    await runOk("terraform", ["init", "-input=false"], { cwd: folder, env: await offlineSettings() });
    await runOk("terraform", ["apply", "-auto-approve", "-input=false"], { cwd: folder, env: await offlineSettings() });

    expect(readFileSync(state, "utf8")).toContain(`${OTHER}-data`);
    expect(await exists(`${app.id}-data`)).toBe(true);
    expect(await content(`${OTHER}-service`)).toBe("");
    await apply({ volume: "data" });
    expect(await content()).toBe("first");
  });

  test("when everything is destroyed, and made again", async () => {
    const { code } = await app.terraform("destroy", "-auto-approve", "-input=false", "-no-color");
    expect(code).toBe(0);
    expect(await exists(`${app.id}-data`)).toBe(true);
    await apply({ volume: "data" });

    expect(await content()).toBe("first");
  });
});

describe("'mlflow-stack up'", () => {
  test("takes a state of release 0.1.0, whose volumes are resources, and its data", async () => {
    await apply({});
    await apply({ former: "older" });
    await runOk("docker", [
      "run",
      "--rm",
      "-v",
      `${app.id}-older:/data`,
      "--entrypoint",
      "sh",
      await image(),
      "-c",
      "echo old > /data/file",
    ]);
    const { code, stdout } = await up({ volume: "older" });

    expect([code, stdout]).toEqual([0, expect.stringContaining("is up")]);
    expect(await content()).toBe("old");
    expect(readFileSync(app.stateFile, "utf8")).not.toContain('"type": "docker_volume"');
    expect(await isUpToDate()).toBe(true);
  });

  test("refuses to begin with a volume that is somebody else's, and takes it after an import", async () => {
    const refused = await up({ volume: "data" });
    expect(refused.code).toBe(ExitCode.dataAtRisk);
    expect(refused.stderr).toContain(`the volume '${app.id}-data' exists on the engine`);

    const [, line = ""] = /to use the data here:\s+(.*)/.exec(refused.stderr) ?? [];
    await runOk("sh", ["-c", line], { cwd: app.folder, env: await offlineSettings() });
    expect((await up({ volume: "data" })).code).toBe(0);
    expect(await content()).toBe("first");
  });

  test("refuses to delete a volume of the user's own that is no longer in the code, protected or not", async () => {
    expect((await up({ volume: "data", own: true })).code).toBe(0);
    const { code, stderr } = await up({ volume: "data" });

    expect(code).toBe(ExitCode.dataAtRisk);
    expect(stderr).toContain(`this would delete the volume '${app.id}-own' and the data in it`);
    expect(await exists(`${app.id}-own`)).toBe(true);
  });

  test("refuses to go on with an empty volume when the engine has lost the one in use", async () => {
    expect((await up({ volume: "data", own: true })).code).toBe(0);
    await write("last");
    await runOk("docker", ["rm", "--force", service]);
    await runOk("docker", ["volume", "rm", `${app.id}-data`]);
    const { code, stderr } = await up({ volume: "data", own: true });

    expect(code).toBe(ExitCode.dataAtRisk);
    expect(stderr).toContain(`the volume '${app.id}-data' is in the state but no longer on the engine`);
    expect(await exists(`${app.id}-data`)).toBe(false);

    const [, line = ""] = /To begin with an empty one:\s+(.*)/.exec(stderr) ?? [];
    await runOk("sh", ["-c", line], { cwd: app.folder, env: await offlineSettings() });
    expect((await up({ volume: "data", own: true })).code).toBe(0);
    expect(await content()).toBe("");
  });
});

describe("'mlflow-stack down'", () => {
  test("leaves every volume, and says which ones have data", async () => {
    await write("kept");
    const { code, stdout } = await app.command(["down"]);

    expect([code, stdout]).toEqual([0, expect.stringContaining(`its data in: ${app.id}-data, ${app.id}-own.`)]);
    expect((await up({ volume: "data", own: true })).code).toBe(0);
    expect(await content()).toBe("kept");
  });

  test("with --delete-data deletes the volumes of the stack, and those alone, and can be cut off", async () => {
    const holder = `${app.id}-holder`;
    await runOk("docker", ["create", "--name", holder, "-v", `${app.id}-data:/x`, await image(), "true"]);
    const held = await app.command(["down", "--delete-data", "--yes", "--confirm", app.id]);
    expect(held.code).toBe(ExitCode.failure);
    expect(held.stderr).toContain(`the volume '${app.id}-data' could not be deleted: ${holder} uses it`);

    await runOk("docker", ["rm", holder]);
    const { code, stdout } = await app.command(["down", "--delete-data", "--yes", "--confirm", app.id]);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`Stack '${app.id}' is deleted.`)]);
    expect(await Promise.all([`${app.id}-data`, `${app.id}-own`].map(exists))).toEqual([false, false]);
    // A volume that the stack no longer used.
    expect(await exists(`${app.id}-older`)).toBe(true);
    expect(JSON.parse(readFileSync(app.stateFile, "utf8")).resources).toEqual([]);
  });
});

async function image(): Promise<string> {
  return (await offlineSettings()).POSTGRES_IMAGE ?? "postgres:18.6-trixie";
}
