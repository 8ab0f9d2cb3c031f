import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ExitCode } from "../../cli/console/command-error";
import { COMPILED } from "../support/compiled";
import { offlineSettings, removeLeftovers } from "../support/stacks/deployment";
import { run, runOk } from "../support/run";
import { StoreApp } from "../support/stacks/store-app";

jest.setTimeout(5 * 60_000);

// A service with a volume, as small as one can be. `own` is a volume of the user's, as Terraform's own resource.
const MAIN = `
import { Volume } from "@cdktf/provider-docker/lib/volume";
import { DockerProvider } from "@cdktf/provider-docker/lib/provider";
import { App, DataResource, LocalBackend, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { ContainerNetwork, DataSize, Duration, HealthCheck, ProviderVersions, ReleasedVolumes, ServiceImage } from "${COMPILED}/lib";
import settings from "./settings.json";

const { volume, hostPath, former, own, mounted, anonymous, identity, released } = settings as any;
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
const service = network.addService(stack, "service", {
  image: ServiceImage.registry(process.env.POSTGRES_IMAGE ?? "postgres:18.6-trixie"),
  entrypoint: ["sh", "-c", "trap 'exit 0' TERM; sleep 100000 & wait"],
  user: "0:0",
  volumes: volume ? [{ volume: network.addVolume(stack, volume, { hostPath }), path: "/data" }] : [],
  memory: DataSize.mebibytes(64),
  healthCheck: HealthCheck.command(["true"], { interval: Duration.seconds(1) }),
  stopGrace: Duration.seconds(2),
});
if (released) ReleasedVolumes.release(stack, released);
// The image declares a volume. Another environment, because the provider replaces no container for another \`tmpfs\`.
if (anonymous) service.container.addOverride("env", ["ANONYMOUS=1"]);
else service.container.addOverride("tmpfs", { "/var/lib/postgresql": "" });
// An identity as a server has it, of long ago.
if (identity) new DataResource(stack, "identity", { input: identity });
// A volume that the container alone names, as docs/guard.md recommends.
if (mounted) service.container.addOverride("mounts", [{ type: "volume", source: mounted, target: "/mounted" }]);
app.synth();
`;

const app = new StoreApp("e2e-vol", MAIN);
const OTHER = "e2e-vol-other";
const service = `${app.id}-service`;

const foreign = `${OTHER}-foreign`;

const exists = async (volume: string) => (await run("docker", ["volume", "inspect", volume])).code === 0;
/** Addresses of the records of volumes in the state. */
const records = async () =>
  (await app.terraform("state", "list")).stdout.split("\n").filter((address) => address.startsWith("terraform_data."));
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

  test("when a docker_volume of the user's own leaves the code, is released, and the container alone names it", async () => {
    const mounted = `${app.id}-notes`;
    await apply({ volume: "data", former: "notes", mounted });
    await runOk("docker", ["exec", service, "sh", "-c", "echo notes > /mounted/file"]);
    const said = await apply({ volume: "data", released: "docker_volume.notes", mounted });

    expect(said).toContain("docker_volume.notes");
    expect((await runOk("docker", ["exec", service, "cat", "/mounted/file"])).trim()).toBe("notes");
    expect(readFileSync(app.stateFile, "utf8")).not.toContain('"type": "docker_volume"');
    expect(await isUpToDate()).toBe(true);
    await apply({ volume: "data" });
    expect(await exists(mounted)).toBe(true);
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

    const [, line = ""] = /or with Terraform:\s+(.*)/.exec(refused.stderr) ?? [];
    await runOk("sh", ["-c", line], { cwd: app.folder, env: await offlineSettings() });
    expect((await up({ volume: "data" })).code).toBe(0);
    expect(await content()).toBe("first");
  });

  test("takes over what a lost state had, if its volume is named, and not with --yes alone", async () => {
    await app.terraform("state", "rm", "docker_container.service", ...(await records()));
    await runOk("docker", ["rm", "--force", service]);
    expect((await up({ volume: "data" })).code).toBe(ExitCode.dataAtRisk);
    const { code } = await app.command(["up", "--yes", "--use-volume", `${app.id}-data`]);

    expect(code).toBe(0);
    expect(await content()).toBe("first");
    expect(await isUpToDate()).toBe(true);
  });

  test("refuses to begin with another stack's volume that only a container names, and goes on with a named one", async () => {
    await runOk("docker", ["volume", "create", foreign]);
    const refused = await up({ volume: "data", mounted: foreign });
    expect(refused.code).toBe(ExitCode.dataAtRisk);
    expect(refused.stderr).toContain(`the volume '${foreign}' exists on the engine`);

    const named = await app.command(["up", "--yes", "--use-volume", foreign]);
    expect([named.code, named.stdout]).toEqual([0, expect.stringContaining(`use the volume '${foreign}'`)]);
    expect((await app.command(["down"])).code).toBe(0);
    expect((await up({ volume: "data", mounted: foreign })).code).toBe(0);
  });

  test("refuses to go on without a volume that only a container named", async () => {
    await runOk("docker", ["rm", "--force", service]);
    await runOk("docker", ["volume", "rm", foreign]);
    const { code, stderr } = await up({ volume: "data", mounted: foreign });

    expect(code).toBe(ExitCode.dataAtRisk);
    expect(stderr).toContain(`the volume '${foreign}' is in the state but no longer on the engine`);
    expect((await up({ volume: "data" })).code).toBe(0);
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

describe("A volume without a name, which the image of a container declares", () => {
  const settings = { volume: "data", own: true, anonymous: true };

  test("is data: no plan and no 'down' deletes it without a word", async () => {
    expect((await up(settings)).code).toBe(0);
    for (const refused of [await up({ ...settings, anonymous: false }), await app.command(["down"])])
      expect([refused.code, refused.stderr]).toEqual([
        ExitCode.dataAtRisk,
        expect.stringContaining(`what the container '${service}' has in /var/lib/postgresql`),
      ]);

    app.writeSettings({ ...settings, anonymous: false });
    expect((await app.command(["up", "--yes", "--allow-data-loss"])).code).toBe(0);
    expect((await app.command(["down"])).code).toBe(0);
  });
});

describe("'mlflow-stack down'", () => {
  test("leaves every volume, and says which ones have data", async () => {
    expect((await up({ volume: "data", own: true })).code).toBe(0);
    await write("kept");
    const { code, stdout } = await app.command(["down"]);

    expect([code, stdout]).toEqual([0, expect.stringContaining(`its data in: ${app.id}-data, ${app.id}-own.`)]);
    expect((await up({ volume: "data", own: true })).code).toBe(0);
    expect(await content()).toBe("kept");
  });

  test("with --delete-data deletes the volumes of the stack, and those alone, and can be cut off", async () => {
    const mounted = `${app.id}-mounted`;
    expect((await up({ volume: "data", own: true, mounted })).code).toBe(0);
    const holder = `${app.id}-holder`;
    await runOk("docker", ["create", "--name", holder, "-v", `${app.id}-data:/x`, await image(), "true"]);
    const held = await app.command(["down", "--delete-data", "--yes", "--confirm", app.id]);
    expect(held.code).toBe(ExitCode.failure);
    expect(held.stderr).toContain(`the volume '${app.id}-data' could not be deleted: ${holder} uses it`);

    await runOk("docker", ["rm", holder]);
    const { code, stdout } = await app.command(["down", "--delete-data", "--yes", "--confirm", app.id]);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`Stack '${app.id}' is deleted.`)]);
    expect(await Promise.all([`${app.id}-data`, `${app.id}-own`].map(exists))).toEqual([false, false]);
    // A volume that the stack no longer used, and one that a container only mounted.
    expect(await Promise.all([`${app.id}-older`, mounted].map(exists))).toEqual([true, true]);
    expect(stdout).toContain(`It keeps what its containers mount alone: ${mounted}.`);
    expect(JSON.parse(readFileSync(app.stateFile, "utf8")).resources).toEqual([]);
  });

  test("with --delete-data, killed after the first volume, leaves no old identity, and 'up' says what is left", async () => {
    const identity = `${app.id}-server/2020-01-01T00:00:00Z/0d1e2f3a-0d1e-2f3a-4b5c-6d7e8f9a0b1c`;
    expect((await up({ volume: "data", own: true, identity })).code).toBe(0);
    expect(readFileSync(app.stateFile, "utf8")).toContain(identity);
    const real = (await runOk("sh", ["-c", "command -v docker"])).trim();
    writeFileSync(
      join(app.outside, "docker"),
      `#!/bin/sh\n"${real}" "$@"; status=$?\ncase "$1 $2" in "volume rm") kill -9 $PPID;; esac\nexit $status\n`,
      { mode: 0o755 },
    );
    const deletion = ["down", "--delete-data", "--yes", "--confirm", app.id];
    await app.command(deletion, { PATH: `${app.outside}:${process.env.PATH}` });
    expect(await Promise.all([`${app.id}-data`, `${app.id}-own`].map(exists))).toEqual([false, true]);
    expect(readFileSync(app.stateFile, "utf8")).not.toContain(identity);

    const refused = await up({ volume: "data", own: true, identity });
    expect(refused.code).toBe(ExitCode.dataAtRisk);
    expect(refused.stderr).toContain(`its data in ${app.id}-data is gone, and that in ${app.id}-own is left`);
    expect((await app.command(deletion)).code).toBe(0);
    expect((await up({ volume: "data", own: true, identity })).code).toBe(0);
    expect((await app.command(deletion)).code).toBe(0);
  });
});

async function image(): Promise<string> {
  return (await offlineSettings()).POSTGRES_IMAGE ?? "postgres:18.6-trixie";
}
