import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExitCode } from "../../../cli/console/command-error";
import { configurationOf, readRecord, recordPlan, removePlan, requireFresh } from "../../../cli/terraform/plan-record";

let folder: string;
let file: string;
let made: string;
const state = { lineage: "8f0e", serial: 4 };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mlflow-stack-test-"));
  file = join(folder, "plan");
  made = join(folder, "made");
  writeFileSync(made, "the plan");
});

afterEach(() => rmSync(folder, { recursive: true }));

function synthesized(json: string, asset: string) {
  mkdirSync(join(folder, "assets", "a"), { recursive: true });
  mkdirSync(join(folder, ".terraform"), { recursive: true });
  writeFileSync(join(folder, "cdk.tf.json"), json);
  writeFileSync(join(folder, "assets", "a", "Dockerfile"), asset);
  return configurationOf(folder);
}

describe("the record of a plan", () => {
  test("is readable by this user only, and is removed with the plan", async () => {
    await recordPlan(made, file, "mlflow", state, "c0");
    expect(statSync(`${file}.json`).mode & 0o777).toBe(0o600);
    await expect(readRecord(file)).resolves.toMatchObject({ stack: "mlflow", state, configuration: "c0" });

    await removePlan(file);
    await expect(readRecord(file)).rejects.toThrow(`${file} is not a plan that 'mlflow-stack plan' has saved`);
  });

  test("refuses a plan that was changed since, or is missing", async () => {
    await recordPlan(made, file, "mlflow", state, "c0");
    writeFileSync(file, "another plan");
    const problem = {
      message: `${file} has changed since it was saved; nothing was changed`,
      exitCode: ExitCode.stalePlan,
    };
    await expect(readRecord(file)).rejects.toMatchObject(problem);

    rmSync(file);
    await expect(readRecord(file)).rejects.toMatchObject(problem);
  });

  test.each(["", "{", "{}", "null", '{"stack": "mlflow"}'])("is not read from: %s", async (text) => {
    writeFileSync(`${file}.json`, text);
    await expect(readRecord(file)).rejects.toThrow("is not a plan that 'mlflow-stack plan' has saved");
  });

  test.each([
    ["the stack that the app synthesizes has changed since the plan was made", "c1", state],
    ["the plan was made with another state", "c0", { lineage: "77aa", serial: 4 }],
    ["the plan was made with another state", "c0", {}],
    ["the state has changed since the plan was made: something else was applied", "c0", { ...state, serial: 5 }],
  ])("makes it stale: %s", async (reason, configuration, now) => {
    await recordPlan(made, file, "mlflow", state, "c0");
    const record = await readRecord(file);

    expect(() => requireFresh(record, "c0", state)).not.toThrow();
    expect(() => requireFresh(record, configuration, now)).toThrow(
      expect.objectContaining({ message: `${reason}; nothing was changed`, exitCode: ExitCode.stalePlan }) as Error,
    );
  });

  test("of a first deployment is stale as soon as there is a state", async () => {
    await recordPlan(made, file, "mlflow", {}, "c0");
    const record = await readRecord(file);

    expect(() => requireFresh(record, "c0", {})).not.toThrow();
    expect(() => requireFresh(record, "c0", state)).toThrow("the plan was made with another state");
  });
});

describe("the fingerprint of a stack", () => {
  test("changes with its Terraform JSON and its files, and not with files that Terraform writes", () => {
    const before = synthesized("{}", "FROM a");
    writeFileSync(join(folder, ".terraform", "x"), "x");
    writeFileSync(join(folder, ".terraform.lock.hcl"), "x");

    expect(configurationOf(folder)).toBe(before);
    expect(synthesized("{ }", "FROM a")).not.toBe(before);
    expect(synthesized("{}", "FROM b")).not.toBe(before);
  });
});
