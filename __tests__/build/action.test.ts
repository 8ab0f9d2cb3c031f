import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { NODE_TYPESCRIPT, REPOSITORY } from "../support/stacks/deployment";
import { EVENTS_REPOSITORY, recordedEvent } from "../support/plans/pull-request-event";
import type { Changes } from "../support/plans/pull-request-event";

// each starts a program.
jest.setTimeout(60_000);

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

function support(program: string, argument: string): string[] {
  const [node = "", ...loader] = NODE_TYPESCRIPT;
  const path = join(REPOSITORY, "__tests__", "support", "plans", program);
  return JSON.parse(execFileSync(node, [...loader, path, argument], { encoding: "utf8" })) as string[];
}

/** What GitHub's own parser says against a file. */
const problemsOf = (file: string) => support("workflow-problems.mts", file);

/** Which jobs run for an event, and which commit the one beside the engine checks out. */
function jobsFor(event: object): string[] {
  const checkout = stack.steps.find(({ uses }) => uses?.startsWith("actions/checkout"));
  const ref = /^\$\{\{(.*)\}\}$/.exec(String(checkout?.with?.ref))?.[1] ?? "";
  const github = { event, repository: EVENTS_REPOSITORY, sha: "of the event" };
  const argument = JSON.stringify({ expressions: [fork.if, stack.if, ref], github });
  const [forkRuns, stackRuns, commit] = support("evaluate-expressions.mts", argument);
  return [
    ...(forkRuns === "true" ? ["fork"] : []),
    ...(stackRuns === "true" ? [`stack, at the commit ${commit}`] : []),
  ];
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

  test.each<[string, string, Changes, string[]]>([
    ["is opened", "opened", {}, ["stack, at the commit of the event"]],
    ["is merged", "closed", { merged: true, mergeCommit: "of the merge" }, ["stack, at the commit of the merge"]],
    ["is closed", "closed", { merged: false, mergeCommit: "of no merge" }, ["stack, at the commit of the event"]],
    ["of a fork is opened", "opened", { from: "eve/Hello-World" }, ["fork"]],
    ["of a fork is merged", "closed", { from: "eve/Hello-World", merged: true }, []],
    ["of a fork that was deleted is pushed to", "synchronize", { from: null }, ["fork"]],
    ["of a fork that was deleted is merged", "closed", { from: null, merged: true }, []],
  ])("chooses the runner when a pull request %s", (_, action, changes, jobs) => {
    expect(jobsFor(recordedEvent(action, changes))).toEqual(jobs);
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

describe("The action", () => {
  const [{ run: script = "" } = {}] = action.runs.steps;

  /** The arguments that the command gets, by a stand-in for npx. */
  function argumentsFor(plans: string): string[] {
    const folder = mkdtempSync(join(tmpdir(), "mlflow-stack-test-"));
    writeFileSync(join(folder, "npx"), '#!/bin/sh\nfor argument; do echo "$argument"; done\n', { mode: 0o755 });
    const inputs = { STACK: "a $(id) b", AUTHOR: "bot[bot]", DATA_LOSS_LABEL: 'data "loss"; id', PLANS: plans };
    const env = { ...process.env, ...inputs, PATH: `${folder}:${process.env.PATH}` };
    const printed = execFileSync("bash", ["-e", "-o", "pipefail", "-c", script], { encoding: "utf8", env });
    rmSync(folder, { recursive: true });
    return printed.trimEnd().split("\n");
  }

  test("hands its inputs to the command as they are, whatever is in them", () => {
    const command = ["--no-install", "mlflow-stack", "pull-request"];
    const options = ["--stack", "a $(id) b", "--author", "bot[bot]", "--data-loss-label", 'data "loss"; id'];

    expect(argumentsFor("")).toEqual([...command, ...options]);
    expect(argumentsFor("/srv/our plans")).toEqual([...command, ...options, "--plans", "/srv/our plans"]);
  });
});
