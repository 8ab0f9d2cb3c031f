import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parsePlan } from "../../cli/terraform/json/parse-plan";
import { reviewPlan } from "../../cli/review/findings/review-plan";
import type { ContainerAction, Review } from "../../cli/review/model/model";
import { offlineSettings, removeLeftovers } from "../support/stacks/deployment";
import type { Variables } from "../support/stacks/deployment";
import { generateChange, random, service } from "../support/plans/generated-changes";
import type { GeneratedService } from "../support/plans/generated-changes";
import { synthesizeServices } from "../support/stacks/review-stack";
import { run, runOk } from "../support/run";

jest.setTimeout(8 * 60_000);

const ID = "e2e-applied";
const FIRST_PORT = 18310;
const PORTS = 30;
const SEED = 7;
const STEPS = 8;
const TERRAFORM = process.env.TERRAFORM_BINARY_NAME ?? "terraform";
const IMAGES = ["localhost/cdktf-mlflow/e2e-review:1.0.0", "localhost/cdktf-mlflow/e2e-review:2.0.0"] as const;

/** What is on the engine of the stack. */
interface Snapshot {
  readonly containers: Map<string, { id: string; started: string; memory: number; ports: string[]; running: boolean }>;
  readonly volumes: Map<string, string>;
}

/** What the review said of a container, and what became of it. */
interface Comparison {
  readonly step: number;
  readonly name: string;
  readonly told: ContainerAction;
  readonly happened: ContainerAction;
}

describe("What a review says of generated changes", () => {
  const folder = mkdtempSync(join(tmpdir(), "mlflow-e2e-review-"));
  const cwd = join(folder, "cdktf.out", "stacks", ID);
  let settings: Variables = {};
  const comparisons: Comparison[] = [];
  const losses: { step: number; told: string[]; happened: string[] }[] = [];
  const openings: { step: number; told: string[]; happened: string[] }[] = [];
  const times: { step: number; told: number; took: number }[] = [];

  const terraform = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(TERRAFORM, args, { cwd, env: settings });
    if (code !== 0) throw new Error(`terraform ${args.join(" ")}:\n${stdout}\n${stderr}`);
    return stdout;
  };

  beforeAll(async () => {
    settings = { ...(await offlineSettings()), TF_IN_AUTOMATION: "1", CHECKPOINT_DISABLE: "1" };
    await removeLeftovers(ID);
    await runOk("docker", ["tag", settings.GATEWAY_IMAGE ?? "", IMAGES[0]]);
    await runOk("docker", ["tag", settings.MINIO_IMAGE ?? "", IMAGES[1]]);

    let services: readonly GeneratedService[] = Array.from({ length: 6 }, (_, index) => service(index, portOf(index)));
    synthesizeServices(ID, services, IMAGES, join(folder, "cdktf.out"));
    await terraform("init", "-input=false");
    await terraform("apply", "-input=false", "-auto-approve");

    const draw = random(SEED);
    for (let step = 1; step <= STEPS; step += 1) {
      const change = generateChange(services, draw, 100 + step, (name) => portOf(Number(name.slice(1)) % 100));
      synthesizeServices(ID, change.after, IMAGES, join(folder, "cdktf.out"));
      // one that is to stay as it is stops by itself.
      const stopped = change.after.find(({ name, port }) => !change.kinds.has(name) && port === undefined);
      if (stopped) await runOk("docker", ["stop", `${ID}-${stopped.name}`]);
      const before = await snapshot();
      await terraform("plan", "-input=false", "-out=plan");
      const review = reviewPlan(parsePlan(await terraform("show", "-json", "plan"), "plan"), ID);
      const log = await terraform("apply", "-input=false", "-json", "plan");
      compare(step, review, before, await snapshot());
      times.push({ step, told: review.downtime?.seconds ?? 0, took: longestAway(log) });
      services = change.after;
    }
  });

  afterAll(async () => {
    await removeLeftovers(ID);
    await run("docker", ["image", "rm", ...IMAGES]);
    rmSync(folder, { recursive: true, force: true });
  });

  test("is what the apply then does to every container", () => {
    expect(comparisons.filter(({ told, happened }) => told !== happened)).toEqual([]);
  });

  test("covers every action, and 25 containers or more", () => {
    expect(comparisons.filter(({ told }) => told !== "nothing").length).toBeGreaterThanOrEqual(25);
    expect([...new Set(comparisons.map(({ told }) => told))].sort()).toEqual([
      "new",
      "nothing",
      "removed",
      "replaced",
      "started",
      "updated",
    ]);
  });

  test("of lost data is true of the volumes", () => {
    expect(losses.map(({ step, told }) => ({ step, told }))).toEqual(
      losses.map(({ step, happened }) => ({ step, told: happened })),
    );
    expect(losses.flatMap(({ happened }) => happened).length).toBeGreaterThan(0);
  });

  test("of ports that open and close is true of the engine", () => {
    expect(openings.map(({ step, told }) => ({ step, told }))).toEqual(
      openings.map(({ step, happened }) => ({ step, told: happened })),
    );
    expect(openings.flatMap(({ happened }) => happened).map((line) => line.split(" ")[0])).toEqual(
      expect.arrayContaining(["opens", "closes"]),
    );
  });

  test("of the time that users wait is not exceeded", () => {
    expect(times.filter(({ told, took }) => took > told)).toEqual([]);
    expect(Math.max(...times.map(({ took }) => took))).toBeGreaterThan(0);
  });

  test("is that nothing changes, when nothing does", async () => {
    await terraform("plan", "-input=false", "-out=plan");
    const {
      services,
      dataLoss,
      access: opened,
    } = reviewPlan(parsePlan(await terraform("show", "-json", "plan"), "plan"), ID);

    // health checks that the provider never applies stay in every plan.
    expect(services.filter(({ action }) => action !== "nothing")).toEqual([]);
    expect({ dataLoss, opened }).toEqual({ dataLoss: false, opened: [] });
  });

  function compare(step: number, review: Review, before: Snapshot, after: Snapshot): void {
    for (const name of new Set([...before.containers.keys(), ...after.containers.keys()])) {
      const told = review.services.find((one) => one.name === name)?.action ?? "nothing";
      comparisons.push({
        step,
        name,
        told,
        happened: actionOf(before.containers.get(name), after.containers.get(name)),
      });
    }
    losses.push({
      step,
      told: review.data
        .flatMap(({ effect, text }) => {
          const name = text.find((part) => typeof part !== "string");
          return effect === "lost" && typeof name === "object" ? [name.quoted] : [];
        })
        .sort(),
      happened: [...before.volumes]
        .filter(([name, made]) => after.volumes.get(name) !== made)
        .map(([name]) => name)
        .sort(),
    });
    const ports = ({ containers }: Snapshot) => [...containers.values()].flatMap((one) => one.ports);
    openings.push({
      step,
      told: review.access
        .flatMap(({ effect, text }) => {
          const [, port] = text[0] === "port " ? text : [];
          return typeof port === "object" ? [`${effect} ${port.quoted}`] : [];
        })
        .sort(),
      happened: [
        ...ports(after)
          .filter((port) => !ports(before).includes(port))
          .map((port) => `opens ${port}`),
        ...ports(before)
          // Who reached a port from the host itself reaches it from everywhere, too.
          .filter((port) => ![port, port.replace("127.0.0.1", "0.0.0.0")].some((wider) => ports(after).includes(wider)))
          .map((port) => `closes ${port}`),
      ].sort(),
    });
  }
});

function portOf(index: number): number {
  return FIRST_PORT + (index % PORTS);
}

type ContainerState = Snapshot["containers"] extends Map<string, infer State> ? State : never;

function actionOf(before: ContainerState | undefined, after: ContainerState | undefined): ContainerAction {
  if (!before) return "new";
  if (!after) return "removed";
  if (before.id !== after.id) return "replaced";
  if (!before.running && after.running) return "started";
  if (before.memory !== after.memory) return "updated";
  // one that was started again has not been left alone.
  return before.started === after.started ? "nothing" : "started";
}

async function snapshot(): Promise<Snapshot> {
  const list = async (kind: string, ...args: string[]) =>
    (await runOk("docker", [kind, "ls", ...args, "--filter", `name=${ID}-`])).split("\n").filter(Boolean);
  const inspect = async <T>(kind: string, names: string[]) =>
    names.length === 0 ? [] : (JSON.parse(await runOk("docker", [kind, "inspect", ...names])) as T[]);

  const containers = await inspect<{
    Id: string;
    Name: string;
    State: { StartedAt: string; Running: boolean };
    HostConfig: { Memory: number; PortBindings: { [port: string]: { HostIp: string; HostPort: string }[] } | null };
  }>("container", await list("container", "--all", "--format", "{{.Names}}"));
  const volumes = await inspect<{ Name: string; CreatedAt: string }>(
    "volume",
    await list("volume", "--format", "{{.Name}}"),
  );
  return {
    containers: new Map(
      containers.map(({ Id, Name, State, HostConfig }) => [
        Name.slice(1),
        {
          id: Id,
          started: State.StartedAt,
          running: State.Running,
          memory: HostConfig.Memory,
          ports: Object.values(HostConfig.PortBindings ?? {})
            .flat()
            .map(({ HostIp, HostPort }) => `${HostIp}:${HostPort}`),
        },
      ]),
    ),
    volumes: new Map(volumes.map(({ Name, CreatedAt }) => [Name, CreatedAt])),
  };
}

/** The longest time, in seconds, from the beginning of a container's removal to the end of its making. */
function longestAway(log: string): number {
  const begun = new Map<string, number>();
  let longest = 0;
  for (const line of log.split("\n").filter(Boolean)) {
    const message = JSON.parse(line) as {
      type: string;
      "@timestamp": string;
      hook?: { action: string; resource: { addr: string } };
    };
    const { hook } = message;
    if (!hook?.resource.addr.startsWith("docker_container.")) continue;
    const time = Date.parse(message["@timestamp"]) / 1000;
    if (message.type === "apply_start" && hook.action === "delete") begun.set(hook.resource.addr, time);
    const begin = begun.get(hook.resource.addr);
    if (message.type === "apply_complete" && hook.action === "create" && begin !== undefined)
      longest = Math.max(longest, time - begin);
  }
  return longest;
}
