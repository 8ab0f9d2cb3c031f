import { readFileSync } from "node:fs";
import { RunWriter, isHealthy, missingRuns } from "../support/clients/run-writer";
import { eventually } from "../support/run";
import { Deployment, removeLeftovers } from "../support/stacks/deployment";

jest.setTimeout(10 * 60_000);

const stack = new Deployment("e2e-killed-engine", 18078);

beforeAll(async () => {
  await stack.commandOk(["offline", "--only", "engine", "--yes"]);
  await removeLeftovers(stack.id);
  await stack.commandOk(["up", "--yes"]);
});

afterAll(async () => {
  await stack.destroy();
});

test("A stack heals when the engine is killed, and loses nothing it acknowledged", async () => {
  const writer = new RunWriter(stack);
  await eventually("a run is acknowledged", 30, async () => writer.acknowledged.length > 0);

  process.kill(Number(readFileSync("/var/run/docker.pid", "utf8")), "SIGKILL");
  await stack.commandOk(["offline", "--only", "engine", "--yes"]);

  const before = writer.acknowledged.length;
  await eventually("runs are acknowledged again", 120, async () => writer.acknowledged.length > before + 3);
  await writer.stop();
  await eventually("all services are healthy", 120, () => isHealthy(stack));
  expect(await missingRuns(stack, writer.acknowledged)).toEqual([]);
  expect(await stack.plan()).toEqual({});
});
