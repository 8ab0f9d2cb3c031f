import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KeptPlans } from "../../../cli/pull-request/kept-plans";

const review = { tree: "4b825dc", markdown: "- update", allowed: ["dangerousAccess" as const] };
let root: string;
let plans: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mlflow-stack-test-"));
  plans = join(root, "plans");
  mkdirSync(join(root, "checkout"));
});

afterEach(() => rmSync(root, { recursive: true }));

function open(folder?: string, stack = "mlflow", more: object = {}) {
  const job = { GITHUB_REPOSITORY: "ada/models", GITHUB_WORKSPACE: join(root, "checkout"), XDG_STATE_HOME: root };
  return KeptPlans.open({ ...job, ...more }, stack, folder);
}

function keep(kept: KeptPlans, number: number) {
  kept.prepare(number);
  writeFileSync(kept.planOf(number), "plan");
  kept.keep(number, review);
}

describe("Plans between review and merge", () => {
  test("are in a folder for the user of the runner alone", () => {
    const kept = open(plans);
    keep(kept, 7);

    for (let path = kept.prepare(7); path !== root; path = join(path, ".."))
      expect([path, statSync(path).mode & 0o777]).toEqual([path, 0o700]);
    expect(kept.read(7)).toEqual(review);
  });

  test("are in the folder for a user's state unless another is chosen", () => {
    expect(open().planOf(7)).toBe(join(root, "mlflow-stack", "plans", "ada", "models", "stack-mlflow", "7", "plan"));
  });

  test("count only if they are complete, with their review", () => {
    const kept = open(plans);
    writeFileSync(join(kept.prepare(7), "review.json"), "{}");
    expect(kept.read(7)).toBeUndefined();

    keep(kept, 7);
    writeFileSync(join(kept.prepare(7), "review.json"), '{"tree": "4b8');
    expect(kept.read(7)).toBeUndefined();
    // As a release kept it that did not ask about access.
    writeFileSync(join(kept.prepare(7), "review.json"), '{"tree": "4b8", "markdown": "", "allowsDataLoss": true}');
    expect(kept.read(7)).toBeUndefined();
  });

  test("are removed one by one, and another stack's are kept", async () => {
    const mine = open(plans);
    const others = open(plans, "research");
    for (const kept of [mine, others]) for (const number of [7, 8]) keep(kept, number);
    await mine.discard(7);

    expect(mine.read(7)).toBeUndefined();
    expect(existsSync(mine.planOf(7))).toBe(false);
    expect([mine.read(8), others.read(7), others.read(8)]).toEqual([review, review, review]);
  });

  test("are removed after 30 days without a use", async () => {
    const kept = open(plans);
    keep(kept, 7);
    keep(kept, 8);
    const long = new Date(Date.now() - 31 * 24 * 3600 * 1000);
    utimesSync(kept.planOf(7), long, long);
    await kept.discardOld();

    expect(existsSync(kept.planOf(7))).toBe(false);
    expect(existsSync(kept.planOf(8))).toBe(true);
  });

  test.each(["thesis/chapter1.tex", "ada/models/stack-mlflow/notes/plan", "ada/models/stack-mlflow/7/notes.txt"])(
    "are removed without the file %s, which somebody keeps in the same folder",
    async (path) => {
      const kept = open(plans);
      keep(kept, 7);
      const file = join(plans, path);
      mkdirSync(join(file, ".."), { recursive: true });
      writeFileSync(file, "years of work");
      utimesSync(file, 0, 0);
      utimesSync(kept.planOf(7), 0, 0);

      await kept.discardOld();

      expect([existsSync(file), existsSync(kept.planOf(7))]).toEqual([true, false]);
    },
  );

  test("do not leave the folder, with any name of the stack", () => {
    expect(open(plans, "../../x").planOf(7)).toBe(join(plans, "ada", "models", "stack-..%2F..%2Fx", "7", "plan"));
  });
});

describe("A folder for plans is refused", () => {
  test("when others may read it", () => {
    mkdirSync(plans);
    chmodSync(plans, 0o750);

    expect(() => open(plans)).toThrow(`${plans} must be this user's, with mode 700: plans hold secrets`);
  });

  test("when it is in the checkout, which the next job empties", () => {
    const folder = join(root, "checkout", "plans");

    expect(() => open(folder)).toThrow(`${folder} is in the checkout, which the next job empties`);
  });

  test("when the runner is GitHub's, which exists only for one job", () => {
    expect(() => open(plans, "mlflow", { RUNNER_ENVIRONMENT: "github-hosted" })).toThrow(
      "GitHub's own runners are gone after the job, and the plan with them",
    );
  });
});
