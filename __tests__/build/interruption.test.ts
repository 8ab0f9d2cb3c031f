import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { FakeStack } from "../support/interrupted/fake-stack";
import type { Started } from "../support/interrupted/fake-stack";
import { momentsOf } from "../support/interrupted/moments";
import type { Moment } from "../support/interrupted/moments";
import { eventually } from "../support/run";

jest.setTimeout(20 * 60_000);

const SEED = Number(process.env.INTERRUPTION_SEED ?? 16);
const MOMENTS = 30;
const PARALLEL = 3;
const COMMANDS = [
  ["up", "--yes"],
  ["up", "--yes"],
  ["apply", "saved.tfplan", "--yes"],
  ["down", "--yes"],
  ["down", "--delete-data", "--yes", "--confirm", "fake"],
  ["users", "add", "ada", "--role", "admin"],
];
function terraformOf(stack: FakeStack): number | undefined {
  for (const run of existsSync(stack.runs) ? readdirSync(stack.runs) : []) {
    const file = join(stack.runs, run, "run.json");
    if (!existsSync(file)) continue;
    const { terraform } = JSON.parse(readFileSync(file, "utf8")) as { terraform?: { pid: number } };
    if (terraform) return terraform.pid;
  }
  return undefined;
}

function send(stack: FakeStack, { victim, signal }: Moment, { process: command }: Started): void {
  const pid = command.pid ?? 0;
  const target = victim === "terraform" ? (terraformOf(stack) ?? pid) : victim === "shell" ? -pid : pid;
  if (victim === "shell") for (const output of [command.stdout, command.stderr]) output?.destroy();
  try {
    process.kill(target, signal);
  } catch {
    // It has ended already.
  }
}

async function interrupt(moment: Moment): Promise<string[]> {
  const stack = new FakeStack();
  try {
    const [name] = moment.command;
    if (name === "down") await stack.run("up", "--yes");
    if (name === "apply") await stack.run("plan", "--out", "saved.tfplan");

    const begun = Date.now();
    const started = stack.start(...moment.command);
    // Node.js needs most of the time to start: the signal comes from its first trace on.
    if (name !== "users")
      await eventually(
        "the command has begun",
        60,
        async () => existsSync(join(stack.runs)) && readdirSync(stack.runs).length > 0,
      );
    await new Promise((resolve) => setTimeout(resolve, moment.part * Math.min(2_000, Date.now() - begun)));
    send(stack, moment, started);
    await started.end;

    // The fake containers are none of the library's: one that joins others on a network is a dangerous access.
    const next = await stack.run("up", "--yes", "--allow-access");
    const { engine, state } = stack.objects;
    const problems = [
      ...(next.code === 0 ? [] : [`the next up ends with ${next.code}: ${next.stderr}`]),
      ...(engine.join() === state.join()
        ? []
        : [`orphans: ${engine.join()} on the engine, ${state.join()} in the state`]),
      ...(engine.length === stack.names.length ? [] : [`${engine.length} of ${stack.names.length} objects`]),
      ...stack.leaks.map((file) => `the plan's secret is in ${file}`),
      ...readdirSync(stack.runs).map((run) => `the run ${run} is left`),
      ...(existsSync(join(stack.stackFolder, "delete-data_override.tf.json")) ? ["the protection is off"] : []),
    ];
    const users = join(stack.folder, "users.json");
    if (existsSync(users)) JSON.parse(readFileSync(users, "utf8"));
    return problems;
  } finally {
    stack.remove();
  }
}

test(`after ${MOMENTS} interruptions the next up ends well, and nothing is left (seed ${SEED})`, async () => {
  const moments = momentsOf(SEED, MOMENTS, COMMANDS);
  const failed: unknown[] = [];
  const worker = async () => {
    for (let moment; (moment = moments.pop());) {
      const problems = await interrupt(moment);
      if (problems.length > 0) failed.push({ ...moment, problems });
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));

  expect(failed).toEqual([]);
});

describe("A command whose Terraform works", () => {
  let stack: FakeStack;
  let first: Started;

  beforeEach(async () => {
    stack = new FakeStack();
    stack.hold();
    first = stack.start("up", "--yes");
    await eventually("Terraform makes the first object", 60, async () => stack.objects.engine.length === 1);
  });

  afterEach(() => stack.remove());

  test("goes on to its end when it is killed, and the next command waits for it", async () => {
    first.process.kill("SIGKILL");
    await first.end;

    const next = stack.start("up", "--yes");
    await eventually("the next one waits", 60, async () => next.said().includes("Waiting for Terraform (process "));
    stack.release();

    const { code, stdout } = await next.end;
    expect([code, stdout]).toEqual([0, expect.stringContaining("Nothing to change.")]);
    expect(stack.objects.state).toHaveLength(stack.names.length);
    expect(stack.objects.engine).toEqual(stack.objects.state);
  });

  test("finishes the operation that runs when the terminal is closed, and saves the state", async () => {
    first.process.stdout?.destroy();
    first.process.stderr?.destroy();
    process.kill(-(first.process.pid ?? 0), "SIGHUP");
    await first.end;

    expect(stack.objects.state).toHaveLength(1);
    expect(stack.objects.engine).toEqual(stack.objects.state);
    expect(stack.leaks).toEqual([]);
  });

  test("leaves what a killed Terraform has made to the next one: here to 'down'", async () => {
    process.kill(terraformOf(stack) ?? 0, "SIGKILL");
    const { code, stderr } = await first.end;
    expect([code, stderr]).toEqual([1, expect.stringContaining("Terraform was killed (SIGKILL)")]);
    expect(stack.objects.state).toEqual([]);

    expect(await stack.run("down", "--yes")).toMatchObject({ code: 0, stderr: "" });

    expect(stack.objects).toEqual({ engine: [], state: [] });
  });

  test("shows its status meanwhile, without waiting, and keeps a second one waiting", async () => {
    const second = stack.start("up", "--yes");
    const line = new RegExp(
      `^Waiting for 'up' \\(process ${first.process.pid}, since .*\\), which works on the same app…\n$`,
    );
    await eventually("the second one waits", 60, async () => line.test(second.said()));
    expect(await stack.run("status")).toMatchObject({ code: 0, stderr: "" });
    stack.release();

    expect(await first.end).toMatchObject({ code: 0 });
    const { code, stdout } = await second.end;
    expect([code, stdout]).toEqual([0, expect.stringContaining("Nothing to change.")]);
  });
});

describe("A container that is on the engine and not in the state", () => {
  test("is not removed if no interrupted command of this stack has made it", async () => {
    const stack = new FakeStack();
    await stack.run("up", "--yes");
    const before = stack.objects.engine;
    rmSync(stack.stateFile);

    const refused = await stack.run("up", "--yes");

    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("exists on the engine")]);
    expect(stack.objects.engine).toEqual(before);
    stack.remove();
  });
});

test("an override that 'down --delete-data' has left is removed by every command that synthesizes", async () => {
  const stack = new FakeStack();
  await stack.run("up", "--yes");
  const override = join(stack.stackFolder, "delete-data_override.tf.json");
  writeFileSync(override, "{}");

  expect(await stack.run("status")).toMatchObject({ code: 0 });

  expect(existsSync(override)).toBe(false);
  stack.remove();
});

describe("The login at a registry, while its image is pulled,", () => {
  let stack: FakeStack;
  let first: Started;

  beforeEach(async () => {
    stack = new FakeStack({}, "registry.example.com/mlflow:1.2.3");
    stack.hold();
    first = stack.start("up", "--yes");
    await eventually("the image is pulled", 60, async () => stack.leaks.length === 1);
  });

  afterEach(() => stack.remove());

  test("is in a file that the next command removes if this one is killed", async () => {
    first.process.kill("SIGKILL");
    await first.end;
    expect(stack.leaks).toHaveLength(1);
    // A build that was killed has left its settings for pip.
    const build = join(stack.folder, "cache", "cdktf-mlflow", "context", `mlflow-${first.process.pid}@${hostname()}-a`);
    mkdirSync(build, { recursive: true });
    writeFileSync(join(build, "pip.conf"), "secret-of-the-plan");
    expect(stack.leaks).toHaveLength(2);

    expect(await stack.run("users", "list")).toMatchObject({ code: 0 });

    expect(stack.leaks).toEqual([]);
  });

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("is in no file after %s", async (signal) => {
    first.process.kill(signal);
    await first.end;

    expect(stack.leaks).toEqual([]);
  });
});
