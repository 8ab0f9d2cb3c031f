import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ExitCode } from "../../cli/console/command-error";
import { RELEASES } from "../../lib/values/releases";
import { removeLeftovers } from "../support/stacks/deployment";
import { runOk } from "../support/run";
import { StoreApp } from "../support/stacks/store-app";

jest.setTimeout(5 * 60_000);

const app = new StoreApp("e2e-wf-plan");
const plan = join(app.outside, "plan");
const ok = async (...args: string[]) => {
  const { code, stdout, stderr } = await app.command(args);
  if (code !== 0) throw new Error(`mlflow-stack ${args.join(" ")} ended with ${code}:\n${stdout}\n${stderr}`);
  return stdout;
};
const limit = async () =>
  Number(await runOk("docker", ["inspect", "-f", "{{.HostConfig.Memory}}", `${app.id}-postgres`])) / 2 ** 20;

beforeAll(() => removeLeftovers(app.id));

afterAll(async () => {
  await removeLeftovers(app.id);
  app.remove();
});

describe("A plan that was saved", () => {
  test("is for its user alone, and deploys what it says", async () => {
    app.write(256);
    expect(await ok("plan", "--out", plan)).toContain(`Stack '${app.id}': 7 to create.`);
    expect(statSync(plan).mode & 0o777).toBe(0o600);

    await ok("apply", plan, "--yes");
    expect(await limit()).toBe(256);
  });

  test("is gone after it was applied, with the secrets in it", async () => {
    expect(existsSync(plan)).toBe(false);
    const { code, stderr } = await app.command(["apply", plan, "--yes"]);
    expect(code).toBe(ExitCode.failure);
    expect(stderr).toContain(`${plan} is not a plan that 'mlflow-stack plan' has saved`);
  });

  test("is not written over another file", async () => {
    writeFileSync(plan, "mine");
    const { code, stderr } = await app.command(["plan", "--out", plan]);
    expect(code).toBe(ExitCode.failure);
    expect(stderr).toContain(`${plan} exists already`);
    await runOk("rm", [plan]);
  });

  test("is refused when the app has changed since", async () => {
    app.write(300);
    await ok("plan", "--out", plan);
    app.write(320);
    const { code, stderr } = await app.command(["apply", plan, "--yes"]);

    expect(code).toBe(ExitCode.stalePlan);
    expect(stderr).toContain(
      "the stack that the app synthesizes has changed since the plan was made; nothing was changed",
    );
    expect(await limit()).toBe(256);
  });

  test("is refused when something else was applied since, though the app is the same", async () => {
    app.write(300);
    const other = join(app.outside, "other");
    await ok("plan", "--out", other);
    await ok("apply", other, "--yes");
    const { code, stderr } = await app.command(["apply", plan, "--yes"]);

    expect(code).toBe(ExitCode.stalePlan);
    expect(stderr).toContain("the state has changed since the plan was made: something else was applied");
    expect(await limit()).toBe(300);
    await runOk("rm", [plan, `${plan}.json`]);
  });

  test("deletes no volume unless that is allowed", async () => {
    app.write(0);
    await ok("plan", "--out", plan);
    const refused = await app.command(["apply", plan, "--yes"]);
    expect(refused.code).toBe(ExitCode.dataAtRisk);
    expect(refused.stderr).toContain(`this would delete the volume '${app.id}-archive' and the data in it`);
    expect(await limit()).toBe(300);

    await ok("apply", plan, "--yes", "--allow-data-loss");
    const volumes = (await runOk("docker", ["volume", "ls", "--format", "{{.Name}}"])).split("\n");
    expect(volumes).not.toContain(`${app.id}-archive`);
    // No plan deletes a volume of the library's.
    expect(volumes).toContain(`${app.id}-postgres-data-${RELEASES.postgres.default}`);
  });
});

describe("The providers that a repository keeps", () => {
  const lock = join(app.folder, `terraform.${app.id}.lock.hcl`);

  test("are written down by 'lock', and taken by the other commands", async () => {
    await ok("lock");
    const written = readFileSync(lock, "utf8");
    expect(written).toMatch(/kreuzwerker\/docker"[^}]*version\s*= "4\.6\.0"[^}]*hashes/);

    await ok("plan", "--out", plan);
    expect(readFileSync(lock, "utf8")).toBe(written);
    expect(readFileSync(join(app.stackFolder, ".terraform.lock.hcl"), "utf8")).toBe(written);
  });

  test("are the only ones: other builds of the same version are refused", async () => {
    const written = readFileSync(lock, "utf8");
    writeFileSync(lock, written.replaceAll(/h1:[^"]+/g, `h1:${"A".repeat(43)}=`));
    const { code, stderr } = await app.command(["plan", "--out", join(app.outside, "third")]);

    expect(code).toBe(ExitCode.failure);
    expect(stderr).toContain("checksums");
    expect(stderr).toContain(`terraform.${app.id}.lock.hcl names other providers.`);
  });
});
