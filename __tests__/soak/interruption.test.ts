import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { runsIn } from "../../cli/run/run-record";
import { stateHome } from "../../cli/run/state-home";
import { momentsOf } from "../support/interrupted/moments";
import type { Moment } from "../support/interrupted/moments";
import { runOk } from "../support/run";
import { Deployment, removeLeftovers } from "../support/stacks/deployment";

jest.setTimeout(3 * 60 * 60_000);

const SEED = Number(process.env.INTERRUPTION_SEED ?? 16);
// For trials in a shorter time. Only the default tests 30.
const MOMENTS = Number(process.env.INTERRUPTION_MOMENTS ?? 30);
const ID = "soak-interrupted";
const COMMANDS = [
  ["up", "--yes"],
  ["down", "--yes"],
  ["apply", "saved.tfplan", "--yes"],
  ["users", "add", "ada", "--role", "admin"],
  ["down", "--delete-data", "--yes", "--confirm", ID],
];
const stack = new Deployment(ID, 18099);
const temporary = join(stack.folder, "tmp");
/** How long each command takes alone, in milliseconds. */
const durations = new Map<string, number>();
let runId: string;

/** Another way of files makes a plan that replaces the gateway. */
let transfers: "direct" | "proxied" = "direct";
const variables = () => ({ TMPDIR: temporary, MLFLOW_TRANSFERS: transfers });

async function timed(args: string[]): Promise<void> {
  const begun = Date.now();
  await stack.commandOk(args, variables());
  durations.set(args.join(" "), Date.now() - begun);
}

async function createRun(): Promise<string> {
  const answer = await stack.fetch("/api/2.0/mlflow/runs/create", {
    method: "POST",
    body: JSON.stringify({ experiment_id: "0", start_time: Date.now() }),
    headers: { "Content-Type": "application/json" },
  });
  return ((await answer.json()) as { run: { info: { run_id: string } } }).run.info.run_id;
}

/** Brings the stack to where the command of a moment has something to do. */
async function prepare([name]: string[]): Promise<void> {
  if (name === "up") await stack.commandOk(["down", "--yes"], variables());
  if (name === "users") rmSync(join(stack.folder, "users.json"), { force: true });
  if (name !== "apply") return;
  transfers = transfers === "direct" ? "proxied" : "direct";
  rmSync(join(stack.folder, "saved.tfplan"), { force: true });
  expect(await stack.commandOk(["plan", "--out", "saved.tfplan"], variables())).toContain("gateway");
}

async function interrupt({ command, victim, signal, part }: Moment): Promise<void> {
  const started = stack.start(command, variables());
  const ended = started.end.then(() => true);
  const wait = part * (durations.get(command.join(" ")) ?? 3_000);
  await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, wait))]);
  const pid = victim === "terraform" ? stack.terraformProcess || started.pid : started.pid;
  try {
    process.kill(victim === "shell" ? -pid : pid, signal);
  } catch {
    // It has ended already.
  }
  await started.end;
}

/** Names of the containers and networks that begin with the stack's id, as the engine and as the state have them. */
async function objects(): Promise<{ engine: string[]; state: string[] }> {
  const lists = [
    ["ps", "--all", "--format", "{{.Names}}"],
    ["network", "ls", "--format", "{{.Name}}"],
  ];
  const names = (await Promise.all(lists.map((list) => runOk("docker", list)))).flatMap((text) => text.split("\n"));
  return {
    engine: names.filter((name) => name.startsWith(`${ID}-`)).sort(),
    state: stack
      .state()
      .resources.filter(({ type }) => type === "docker_container" || type === "docker_network")
      .flatMap(({ instances }) => instances.map(({ attributes }) => String(attributes.name)))
      .sort(),
  };
}

/** Files outside of the state in which the password stands. */
function leaks(password: string): string[] {
  const runs = stateHome(process.env, "runs");
  return [stack.folder, runs].filter(existsSync).flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/\.tfstate(\.\d+)?(\.backup)?$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => readFileSync(file, "latin1").includes(password)),
  );
}

beforeAll(async () => {
  await removeLeftovers(ID);
  mkdirSync(temporary, { mode: 0o700 });
  await stack.commandOk(["up", "--yes"], variables());
  for (const command of [COMMANDS[1], COMMANDS[0], COMMANDS[4]]) await timed(command ?? []);
  await stack.commandOk(["up", "--yes"], variables());
  await prepare(["apply"]);
  await timed(COMMANDS[2] ?? []);
  runId = await createRun();
});

afterAll(async () => {
  await removeLeftovers(ID);
  rmSync(stack.folder, { recursive: true, force: true });
});

const moments = momentsOf(SEED, MOMENTS, COMMANDS).map((moment, index) => ({
  ...moment,
  title: `${index + 1}: ${moment.signal} to the ${moment.victim} at ${Math.round(moment.part * 100)} % of '${moment.command.join(" ")}'`,
}));

test.each(moments)("After $title the next up ends well, and nothing is left", async (moment) => {
  await prepare(moment.command);

  await interrupt(moment);
  const next = await stack.command(["up", "--yes"], variables());

  expect({ code: next.code, stderr: next.code === 0 ? "" : next.stderr }).toEqual({ code: 0, stderr: "" });
  const { engine, state } = await objects();
  expect(engine).toEqual(state);
  expect(engine).toHaveLength(9);
  expect(await stack.commandOk(["up", "--yes"], variables())).toContain("Nothing to change.");
  expect(leaks(await stack.output("password"))).toEqual([]);
  // A killed Terraform cannot remove the socket of its provider, which holds nothing.
  const files = readdirSync(temporary).filter((name) => !statSync(join(temporary, name)).isSocket());
  expect(files).toEqual([]);
  const left = runsIn(stateHome(process.env, "runs")).filter(({ record }) => record.folder?.startsWith(stack.folder));
  expect(left).toEqual([]);
  if (moment.command.includes("--delete-data")) runId = await createRun();
  expect((await stack.fetch(`/api/2.0/mlflow/runs/get?run_id=${runId}`)).status).toBe(200);
});
