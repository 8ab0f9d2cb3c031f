import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FakeStack } from "../support/interrupted/fake-stack";

// Each test starts programs.
jest.setTimeout(120_000);

let stack: FakeStack;

beforeEach(() => {
  stack = new FakeStack();
  const file = join(stack.folder, "stack.json");
  const json = JSON.parse(readFileSync(file, "utf8")) as {
    resource: { docker_container: { [name: string]: object } };
  };
  Object.assign(json.resource.docker_container.postgres ?? {}, { pid_mode: "host" });
  writeFileSync(file, JSON.stringify(json));
});

afterEach(() => stack.remove());

describe("A dangerous access", () => {
  test.each<[string[], number]>([
    [["up", "--yes"], 4],
    [["up", "--yes", "--allow-data-loss"], 4],
    [["up", "--yes", "--allow-access"], 0],
  ])("makes %j end with %i", async (args, code) => {
    const outcome = await stack.run(...args);

    expect({ code: outcome.code, said: outcome.stderr }).toMatchObject({ code });
    expect(outcome.stdout).toContain("DANGER   'fake-postgres' gets a view of all processes of the host");
    expect(stack.objects.engine).toEqual(code === 0 ? stack.objects.state : []);
    if (code !== 0) expect(outcome.stderr).toContain("--allow-access");
  });

  test("of a saved plan needs the option, too", async () => {
    await stack.run("plan", "--out", "saved.tfplan");

    expect((await stack.run("apply", "saved.tfplan", "--yes")).code).toBe(4);
    expect(stack.objects.engine).toEqual([]);
    expect((await stack.run("apply", "saved.tfplan", "--yes", "--allow-access")).code).toBe(0);
  });
});
