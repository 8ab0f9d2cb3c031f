import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually, runOk } from "../support/run";
import { COMPILED } from "../support/compiled";

let home: string;
let runs: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "mlflow-stack-test-"));
  runs = join(home, "mlflow-stack", "runs");
});

afterEach(() => rmSync(home, { recursive: true }));

/** A process with a run of its own. It does the steps, says "ready", and waits for its end. */
function start(steps: string) {
  const script = `import { writeFileSync } from "node:fs";
    import { Interrupt } from "${COMPILED}/cli/console/interrupt";
    import { processOf } from "${COMPILED}/cli/console/process-identity";
    import { Run } from "${COMPILED}/cli/run/command-run";
    (async () => {
      Interrupt.endOnSignals();
      const run = Run.begin("up");
      ${steps}
      console.log("ready");
      setInterval(() => {}, 1000);
    })();`;
  const child = spawn(
    process.execPath,
    [
      "--input-type=commonjs",
      "--eval",
      script.replaceAll(/import \{ (\w+) \} from ("[^"]+")/g, "const { $1 } = require($2)"),
    ],
    {
      env: { ...process.env, XDG_STATE_HOME: home },
    },
  );
  let said = "";
  child.stdout.on("data", (chunk) => (said += chunk));
  child.stderr.on("data", (chunk) => (said += chunk));
  const exited = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.on("exit", (code, signal) => resolve(code ?? signal)),
  );
  return {
    pid: child.pid ?? 0,
    said: () => said,
    ready: () => eventually(`ready, but: ${said}`, 60, async () => said.includes("ready")),
    kill: async (signal: NodeJS.Signals) => {
      child.kill(signal);
      return exited;
    },
  };
}

const secrets = () => readdirSync(runs, { recursive: true }).filter((name) => String(name).endsWith("plan"));
const WITH_PLAN = `writeFileSync(run.file("plan"), "secret");`;

jest.setTimeout(120_000);

describe("The files of a run", () => {
  test("are in a folder for this user alone", async () => {
    const run = start(WITH_PLAN);
    await run.ready();

    for (const folder of [runs, ...readdirSync(runs).map((name) => join(runs, name))])
      expect([folder, statSync(folder).mode & 0o777]).toEqual([folder, 0o700]);
    await run.kill("SIGKILL");
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("are removed at once by %s", async (signal, status) => {
    const run = start(WITH_PLAN);
    await run.ready();

    expect(await run.kill(signal)).toBe(status);
    expect(readdirSync(runs)).toEqual([]);
  });

  test("are removed by the next run after SIGKILL, but not those of a run that goes on, nor anybody else's", async () => {
    const [killed, other] = [start(WITH_PLAN), start(WITH_PLAN)];
    await Promise.all([killed.ready(), other.ready()]);
    await killed.kill("SIGKILL");
    mkdirSync(join(runs, "thesis"));
    writeFileSync(join(runs, "thesis", "plan"), "years of work");
    expect(secrets()).toHaveLength(3);

    const next = start("");
    await next.ready();

    expect(secrets()).toHaveLength(2);
    expect(existsSync(join(runs, "thesis", "plan"))).toBe(true);
    await Promise.all([other.kill("SIGKILL"), next.kill("SIGKILL")]);
  });

  test("are kept as long as the Terraform of a killed run works with them", async () => {
    const terraform = spawn("sleep", ["600"]);
    const run = start(`${WITH_PLAN} run.noteTerraform(processOf(${terraform.pid}));`);
    await run.ready();
    await run.kill("SIGKILL");
    const second = start("");
    await second.ready();
    await second.kill("SIGTERM");
    expect(secrets()).toHaveLength(1);

    terraform.kill("SIGKILL");
    const third = start("");
    await third.ready();
    await third.kill("SIGTERM");

    expect(readdirSync(runs)).toEqual([]);
  });
});

const TURN = `await run.takeTurn("/app/cdktf.out", console.error);`;

describe("Runs on the same app", () => {
  test("wait for each other, and say for whom; a killed one keeps nobody waiting", async () => {
    const first = start(TURN);
    await first.ready();
    const second = start(TURN);
    await eventually("the second waits", 60, async () => second.said().includes("Waiting for 'up'"));
    const elsewhere = start(`await run.takeTurn("/other/cdktf.out", console.error);`);
    await elsewhere.ready();

    expect(second.said()).toMatch(
      new RegExp(
        `^Waiting for 'up' \\(process ${first.pid}, since [\\d-]+ [\\d:]+\\), which works on the same app…\n$`,
      ),
    );
    await first.kill("SIGKILL");
    await second.ready();
    await Promise.all([second.kill("SIGTERM"), elsewhere.kill("SIGTERM")]);
  });

  test("wait for the Terraform that goes on after its command was killed", async () => {
    const terraform = spawn("sleep", ["600"]);
    const first = start(`${TURN} run.noteTerraform(processOf(${terraform.pid}));`);
    await first.ready();
    await first.kill("SIGKILL");

    const second = start(TURN);
    await eventually("the second waits", 60, async () => second.said().includes("Waiting for"));

    expect(second.said()).toContain(`Waiting for Terraform (process ${terraform.pid}): it finishes 'up'`);
    expect(second.said()).not.toContain("ready");
    terraform.kill("SIGKILL");
    await second.ready();
    await second.kill("SIGTERM");
  });

  test("get their turn one at a time, also if many begin at once", async () => {
    const log = join(home, "log");
    const steps = `${TURN} const { appendFileSync } = require("node:fs");
      appendFileSync(${JSON.stringify(log)}, "in ");
      await new Promise((resolve) => setTimeout(resolve, 20));
      appendFileSync(${JSON.stringify(log)}, "out ");
      process.exit(0);`;
    const all = Array.from({ length: 6 }, () => start(steps));

    await eventually("all had their turn", 60, async () => readFileSync(log, "utf8").length === all.length * 7);

    expect(readFileSync(log, "utf8")).toBe("in out ".repeat(all.length));
  });
});

test("Commands that change the file of users at once lose nothing of each other", async () => {
  const names = ["ada", "bob", "eve", "kim", "max", "sam"];
  const users = (name: string) =>
    runOk(process.execPath, [join(COMPILED, "cli", "index.js"), "users", "add", name, "--role", "admin"], {
      cwd: home,
      env: { XDG_STATE_HOME: home },
    });
  await Promise.all(names.map(users));

  const listed = JSON.parse(readFileSync(join(home, "users.json"), "utf8")) as { name: string }[];
  expect(listed.map(({ name }) => name).sort()).toEqual(["ada", "admin", ...names.slice(1)]);
});
