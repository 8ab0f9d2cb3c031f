import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Diagnosis } from "../../cli/doctor/finding";
import { FakeStack } from "../support/interrupted/fake-stack";

// Each test starts programs.
jest.setTimeout(60_000);

describe("'doctor'", () => {
  const stack = new FakeStack();

  afterAll(() => stack.remove());

  const diagnosis = async () => {
    const { code, stdout } = await stack.run("doctor", "--json");
    const { problems } = JSON.parse(stdout) as Diagnosis;
    return { code, problems: problems.map(({ check, found }) => ({ check, found })) };
  };

  test("says how to deploy a stack that is not deployed", async () => {
    const { code, stdout } = await stack.run("doctor");

    expect(code).toBe(1);
    expect(stdout).toContain("it is not deployed");
    expect(stdout).toContain("What to do: npx mlflow-stack up");
  });

  test("names a container that is gone, what that means and what to do, and changes nothing", async () => {
    expect((await stack.run("up", "--yes")).code).toBe(0);
    const before = stack.objects;
    expect(await diagnosis()).toMatchObject({ code: 1, problems: [{ check: "no-backup" }] });
    expect(stack.objects).toEqual(before);

    rmSync(join(stack.folder, "engine", "fake-gateway.json"));
    const { stdout } = await stack.run("doctor");
    expect(stdout).toContain(
      "The container fake-gateway does not exist\n   Nobody reaches MLflow: the gateway is the only way in.",
    );
  });
});

describe("'status --watch'", () => {
  const stack = new FakeStack();

  afterAll(() => stack.remove());

  test("writes a line for each change, holds up no other command, and ends with Ctrl-C", async () => {
    expect((await stack.run("up", "--yes")).code).toBe(0);
    const watching = stack.start("status", "--watch");
    let lines = "";
    watching.process.stdout?.on("data", (chunk) => (lines += chunk));
    await eventually(() => lines.includes("fake: "));
    expect(lines).toMatch(/^\S+ \S+Z fake-gateway: healthy$/m);

    rmSync(join(stack.folder, "engine", "fake-gateway.json"));
    // It would wait for a command that works on the app.
    expect((await stack.run("plan", "--out", join(stack.folder, "saved.tfplan"))).code).toBe(0);
    await eventually(() => lines.includes("fake-gateway: missing (was: healthy)"));
    expect(lines.match(/fake-postgres/g)).toHaveLength(1);

    process.kill(-(watching.process.pid ?? 0), "SIGINT");
    expect((await watching.end).code).toBe(130);
  });

  test("has no JSON", async () => {
    const { code, stderr } = await stack.run("status", "--watch", "--json");

    expect(code).toBe(1);
    expect(stderr).toContain("cannot be used with option '--json'");
  });
});

async function eventually(isSo: () => boolean): Promise<void> {
  for (const end = Date.now() + 30_000; !isSo(); await pause(100)) {
    if (Date.now() > end) throw new Error("it has not happened");
  }
}
