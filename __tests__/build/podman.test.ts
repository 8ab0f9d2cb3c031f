import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeStack } from "../support/interrupted/fake-stack";

// Each test starts programs, and an engine without health checks is waited for.
jest.setTimeout(120_000);

const PODMAN = "Podman Engine\nConmon\nOCI Runtime (crun)\n";
let stack: FakeStack | undefined;

afterEach(() => stack?.remove());

/** A stack with an image, on an engine with these components, whose containers come to this state of health. */
function stackOn(components: string, health: string): FakeStack {
  stack = new FakeStack({ FAKE_COMPONENTS: components, FAKE_HEALTH: health });
  const file = join(stack.folder, "stack.json");
  const json = JSON.parse(readFileSync(file, "utf8")) as { resource: { [type: string]: object } };
  json.resource.docker_image = { postgres: { name: "postgres:18" } };
  writeFileSync(file, JSON.stringify(json));
  return stack;
}

/** The containers that the command itself has started. */
function trials({ stateFile }: FakeStack): string {
  return existsSync(`${stateFile}.run`) ? readFileSync(`${stateFile}.run`, "utf8") : "";
}

/** What Terraform merges into the stack. */
function override({ stackFolder }: FakeStack): { resource: { docker_container: object } } | undefined {
  const file = join(stackFolder, "podman_override.tf.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as ReturnType<typeof override>) : undefined;
}

describe("up", () => {
  test("on Podman without health checks says so and creates nothing", async () => {
    const stack = stackOn(PODMAN, "starting");

    const { code, stderr } = await stack.run("up", "--yes");

    expect(code).toBe(1);
    expect(stderr).toContain("health checks do not work on this Podman");
    expect(stderr).toContain("systemctl enable --now podman.socket");
    expect(stack.objects).toEqual({ engine: [], state: [] });
  });

  test("on Podman with health checks has tried one, and deploys", async () => {
    const stack = stackOn(PODMAN, "healthy");

    const { code, stderr } = await stack.run("up", "--yes");

    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining("Terraform does not see it") });
    expect(Object.keys(override(stack)?.resource.docker_container ?? {})).toEqual(["postgres", "bucket", "gateway"]);
    expect(trials(stack)).toMatch(
      /^--detach --rm --name fake-health-check-\d+ .*--health-cmd true .* postgres:18 \d+\n$/,
    );
    expect(stack.objects.engine).toEqual(stack.objects.state);
  });

  test("on Docker tries none", async () => {
    const stack = stackOn("Engine\ncontainerd\nrunc\ndocker-init\n", "starting");

    expect(await stack.run("up", "--yes")).toMatchObject({ code: 0, stderr: "" });

    expect(trials(stack)).toBe("");
  });
});

test("A saved plan is not applied on Podman without health checks, and stays", async () => {
  const stack = stackOn(PODMAN, "starting");
  await stack.run("plan", "--out", "saved.tfplan");

  const { code, stderr } = await stack.run("apply", "saved.tfplan", "--yes");

  expect({ code, said: stderr }).toEqual({
    code: 1,
    said: expect.stringContaining("health checks do not work on this Podman"),
  });
  expect(stack.objects).toEqual({ engine: [], state: [] });
  expect(existsSync(join(stack.folder, "saved.tfplan"))).toBe(true);
});

test("A plan on Docker takes away what made an earlier one fit Podman", async () => {
  const stack = stackOn(PODMAN, "healthy");
  await stack.run("plan", "--out", "podman.tfplan");
  expect(override(stack)).toBeDefined();

  stack.variables.FAKE_COMPONENTS = "Engine\n";
  await stack.run("plan", "--out", "docker.tfplan");

  expect(override(stack)).toBeUndefined();
});
