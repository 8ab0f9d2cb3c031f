import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { NODE_TYPESCRIPT, REPOSITORY } from "./support/deployment";

const WORKFLOW = join(REPOSITORY, "action", "workflow.yml");
const ACTION = join(REPOSITORY, "action", "action.yml");
const TEST = join(REPOSITORY, ".github", "workflows", "test.yml");

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: { readonly [name: string]: unknown };
}

interface Job {
  readonly if?: string;
  readonly "runs-on": string | string[];
  readonly permissions: object;
  readonly steps: Step[];
}

interface Workflow {
  readonly on: { readonly [event: string]: { types?: string[] } };
  readonly permissions: object;
  readonly jobs: { readonly fork: Job; readonly stack: Job & { concurrency: object } };
}

const workflow = parse(readFileSync(WORKFLOW, "utf8")) as Workflow;
const action = parse(readFileSync(ACTION, "utf8")) as { runs: { steps: Step[] } };
const { fork, stack } = workflow.jobs;

/** What GitHub's own parser says against a file. */
function problemsOf(file: string): string[] {
  const [node = "", ...loader] = NODE_TYPESCRIPT;
  const program = join(REPOSITORY, "__tests__", "support", "workflow-problems.mts");
  return JSON.parse(execFileSync(node, [...loader, program, file], { encoding: "utf8" })) as string[];
}

describe("The workflow to copy, the action and the workflow of this repository", () => {
  test.each([WORKFLOW, ACTION, TEST])("are understood by GitHub's parser: %s", (file) => {
    expect(problemsOf(file)).toEqual([]);
  });

  test("would not be, with a mistake in them", () => {
    const folder = mkdtempSync(join(tmpdir(), "mlflow-stack-test-"));
    const file = join(folder, "workflow.yml");
    writeFileSync(file, readFileSync(WORKFLOW, "utf8").replace("merge_commit_sha ||", "merge_commit_sha ||| "));
    const problems = problemsOf(file);
    rmSync(folder, { recursive: true });

    expect(problems).toEqual([expect.stringContaining("Unexpected symbol")]);
  });

  test("put no expression into a script: a branch or a title may hold any text", () => {
    const scripts = [...fork.steps, ...stack.steps, ...action.runs.steps].flatMap(({ run }) => run ?? []);

    expect(scripts).not.toHaveLength(0);
    for (const script of scripts) expect(script).not.toContain("${{");
  });

  test("use actions of GitHub's own, and what the lock file of the repository pins", () => {
    const used = [...fork.steps, ...stack.steps].flatMap(({ uses }) => uses ?? []);

    for (const uses of used) expect(uses).toMatch(/^actions\/[\w-]+@v\d+$|^\.\/node_modules\/cdktf-mlflow\/action$/);
  });
});

describe("The workflow to copy", () => {
  test("runs when a pull request changes, and for a fork without the rights of the repository", () => {
    expect(workflow.on).toEqual({
      pull_request: {
        types: ["opened", "synchronize", "reopened", "labeled", "unlabeled", "closed"],
        branches: ["main"],
      },
    });
  });

  test("gives a fork nothing but its own code, on a runner of GitHub's", () => {
    expect(fork.if).toContain("github.event.pull_request.head.repo.full_name != github.repository");
    expect(fork["runs-on"]).toBe("ubuntu-24.04");
    expect(fork.permissions).toEqual({ contents: "read" });
    expect(JSON.stringify(fork)).not.toMatch(/secrets\.|vars\./);
  });

  test("gives the runner beside the engine to branches of the repository only, one at a time", () => {
    expect(stack.if).toBe("github.event.pull_request.head.repo.full_name == github.repository");
    expect(stack["runs-on"]).toContain("self-hosted");
    expect(stack.concurrency).toEqual({ group: "mlflow-stack mlflow", queue: "max" });
  });

  test("has no rights but to read the code and to comment", () => {
    expect(workflow.permissions).toEqual({});
    expect(stack.permissions).toEqual({ contents: "read", "pull-requests": "write" });
  });

  test("leaves no token in the checkout, and no plan in an artifact", () => {
    for (const { uses, with: given } of [...fork.steps, ...stack.steps]) {
      expect(uses ?? "").not.toContain("upload-artifact");
      if (uses?.startsWith("actions/checkout")) expect(given).toMatchObject({ "persist-credentials": false });
    }
  });
});
