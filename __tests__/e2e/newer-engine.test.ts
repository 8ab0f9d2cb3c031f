import { rmSync } from "node:fs";
import { major } from "semver";
import { runOk } from "../support/run";
import { NestedEngine } from "../support/servers/nested-engine";
import { Deployment } from "../support/stacks/deployment";

jest.setTimeout(30 * 60_000);

const PORT = 18098;
const LOG_AND_READ = `
import mlflow, pathlib
mlflow.set_experiment("newer-engine")
with mlflow.start_run() as run:
    mlflow.log_metric("rmse", 0.8)
    mlflow.log_text("kept", "note.txt")
    pathlib.Path("/tmp/large.bin").write_bytes(bytes(range(256)) * 80000)
    mlflow.log_artifact("/tmp/large.bin")
folder = pathlib.Path(mlflow.artifacts.download_artifacts(run_id=run.info.run_id))
large = (folder / "large.bin").read_bytes() == bytes(range(256)) * 80000
print("READ", mlflow.get_run(run.info.run_id).data.metrics["rmse"], (folder / "note.txt").read_text(), large)
`;
const stack = new Deployment("e2e-newer", PORT);
let engine: NestedEngine;

beforeAll(async () => {
  engine = await NestedEngine.start("e2e-nested-engine", [PORT]);
  await engine.copyImages();
  // From here on everything that the test starts uses this engine.
  process.env.DOCKER_HOST = engine.host;
});

afterAll(async () => {
  delete process.env.DOCKER_HOST;
  await engine?.remove();
  rmSync(stack.folder, { recursive: true, force: true });
});

async function objects(): Promise<string[]> {
  const lists = [
    ["ps", "--all", "--format", "{{.Names}}"],
    ["network", "ls", "--format", "{{.Name}}"],
    ["volume", "ls", "--format", "{{.Name}}"],
  ];
  const names = (await Promise.all(lists.map((list) => runOk("docker", list)))).flatMap((text) => text.split("\n"));
  return names.filter((name) => name.startsWith(`${stack.id}-`));
}

describe("On the newest Docker Engine of Debian", () => {
  test("a stack comes up, and its own checks pass", async () => {
    expect(major(await engine.version())).toBeGreaterThanOrEqual(26);

    const { code, stdout, stderr } = await stack.command(["up", "--yes"]);

    expect({ code, ready: stdout.includes("MLflow is ready.") }).toEqual({ code: 0, ready: true });
    expect(stderr).toMatch(
      /^(Warning: \S+ cannot be reached: Terraform uses the providers that were built here\.\n)?$/,
    );
    expect(await stack.commandOk(["verify"])).not.toContain("FAILED");
  });

  test("a client logs a run with small and large files, and reads it back", async () => {
    expect(await stack.python(LOG_AND_READ)).toContain("READ 0.8 kept True");
  });

  test("a second plan is empty, and so is one after all containers were killed", async () => {
    expect(await stack.plan()).toEqual({});
    const running = (await runOk("docker", ["ps", "--quiet"])).split("\n").filter((id) => id !== "");
    await runOk("docker", ["kill", ...running]);

    expect(await stack.commandOk(["up", "--yes"])).toContain("MLflow is ready.");

    expect(await stack.plan()).toEqual({});
  });

  test("the stack is removed with its data, and nothing is left", async () => {
    expect(await objects()).not.toEqual([]);

    await stack.commandOk(["down", "--delete-data", "--yes", "--confirm", stack.id]);

    expect(await objects()).toEqual([]);
  });
});
