import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { NODE_TYPESCRIPT, REPOSITORY } from "../support/repository";
import { EVENTS_REPOSITORY, recordedEvent } from "../support/plans/pull-request-event";
import type { Changes } from "../support/plans/pull-request-event";

// Each test starts a program.
jest.setTimeout(60_000);

const WORKFLOW = join(REPOSITORY, "action", "workflow.yml");
const ACTION = join(REPOSITORY, "action", "action.yml");
const TEST = join(REPOSITORY, ".github", "workflows", "test.yml");
const NIGHTLY = join(REPOSITORY, ".github", "workflows", "nightly.yml");

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

/** Errors of GitHub's own parser about a file. */
const problemsOf = (file: string) => support("workflow-problems.mts", file);

/** Names of the rights that are not limited to reading. */
const rightsToWrite = (permissions: object) =>
  Object.entries(permissions).flatMap(([name, right]) => (right === "read" ? [] : [name]));

/** The jobs that run for an event, and the commit that the one beside the engine checks out. */
function jobsFor(event: { readonly action: string }): string[] {
  if (!workflow.on.pull_request?.types?.includes(event.action)) return [];
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
  test.each([WORKFLOW, ACTION, TEST, NIGHTLY])("are understood by GitHub's parser: %s", (file) => {
    expect(problemsOf(file)).toEqual([]);
  });

  test("have no error that this parser would overlook: it finds a mistake", () => {
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

  test("use only GitHub's own actions, and the one of the installed package", () => {
    const used = [...fork.steps, ...stack.steps].flatMap(({ uses }) => uses ?? []);

    for (const uses of used) expect(uses).toMatch(/^actions\/[\w-]+@v\d+$|^\.\/node_modules\/cdktf-mlflow\/action$/);
  });
});

describe("The workflow to copy", () => {
  test("has no event that runs a fork's code with the rights of the repository", () => {
    expect(Object.keys(workflow.on)).toEqual(["pull_request"]);
  });

  test("runs for pull requests into the branch that is deployed", () => {
    expect(workflow.on.pull_request).toHaveProperty("branches", ["main"]);
  });

  test("gives the code of a fork a runner of GitHub's, and neither a secret nor a right to write", () => {
    expect(fork["runs-on"]).toMatch(/^ubuntu-/);
    expect(rightsToWrite(fork.permissions)).toEqual([]);
    expect(JSON.stringify(fork)).not.toMatch(/secrets\.|vars\./);
  });

  test("runs one job beside the engine at a time, and drops none that waits", () => {
    expect(stack["runs-on"]).toContain("self-hosted");
    expect(stack.concurrency).toMatchObject({ group: expect.not.stringContaining("${{"), queue: "max" });
    expect(stack.concurrency).not.toHaveProperty("cancel-in-progress");
  });

  test.each<[string, string, Changes, string[]]>([
    ["is opened", "opened", {}, ["stack, at the commit of the event"]],
    ["is merged", "closed", { merged: true, mergeCommit: "of the merge" }, ["stack, at the commit of the merge"]],
    ["is pushed to", "synchronize", {}, ["stack, at the commit of the event"]],
    ["is reopened", "reopened", {}, ["stack, at the commit of the event"]],
    ["gets a label", "labeled", {}, ["stack, at the commit of the event"]],
    ["loses a label", "unlabeled", {}, ["stack, at the commit of the event"]],
    ["is assigned", "assigned", {}, []],
    ["is closed", "closed", { merged: false, mergeCommit: "of no merge" }, ["stack, at the commit of the event"]],
    ["of a bot is opened", "opened", { sender: "Bot" }, ["fork"]],
    ["is pushed to by a bot", "synchronize", { sender: "Bot" }, ["fork"]],
    ["is closed by a bot", "closed", { sender: "Bot", merged: false }, []],
    [
      "is merged by a bot",
      "closed",
      { sender: "Bot", merged: true, mergeCommit: "of the merge" },
      ["stack, at the commit of the merge"],
    ],
    ["of a fork is opened", "opened", { from: "eve/Hello-World" }, ["fork"]],
    ["of a fork is merged", "closed", { from: "eve/Hello-World", merged: true }, []],
    ["of a fork that was deleted is pushed to", "synchronize", { from: null }, ["fork"]],
    ["of a fork that was deleted is merged", "closed", { from: null, merged: true }, []],
  ])("chooses the runner when a pull request %s", (_, action, changes, jobs) => {
    expect(jobsFor({ ...recordedEvent(action, changes), action })).toEqual(jobs);
  });

  test("runs no install script of a package", () => {
    for (const { steps } of [fork, stack])
      expect(steps.flatMap(({ run }) => run ?? [])).toContain("npm ci --ignore-scripts");
  });

  test("may write only comments of pull requests", () => {
    expect(workflow.permissions).toEqual({});
    expect(rightsToWrite(stack.permissions)).toEqual(["pull-requests"]);
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

  /** The arguments that the command gets, by a fake npx. */
  function argumentsFor(plans: string): string[] {
    const folder = mkdtempSync(join(tmpdir(), "mlflow-stack-test-"));
    writeFileSync(join(folder, "npx"), '#!/bin/sh\nfor argument; do echo "$argument"; done\n', { mode: 0o755 });
    const labels = { DATA_LOSS_LABEL: 'data "loss"; id', ACCESS_LABEL: "access $HOME" };
    const inputs = { STACK: "a $(id) b", AUTHOR: "bot[bot]", ...labels, PLANS: plans };
    const env = { ...process.env, ...inputs, PATH: `${folder}:${process.env.PATH}` };
    const printed = execFileSync("bash", ["-e", "-o", "pipefail", "-c", script], { encoding: "utf8", env });
    rmSync(folder, { recursive: true });
    return printed.trimEnd().split("\n");
  }

  test("passes its inputs to the command unchanged, with any characters in them", () => {
    const command = ["--no-install", "mlflow-stack", "pull-request"];
    const labels = ["--data-loss-label", 'data "loss"; id', "--access-label", "access $HOME"];
    const options = ["--stack", "a $(id) b", "--author", "bot[bot]", ...labels];

    expect(argumentsFor("")).toEqual([...command, ...options]);
    expect(argumentsFor("/srv/our plans")).toEqual([...command, ...options, "--plans", "/srv/our plans"]);
  });
});

test("The nightly workflow deploys with the oldest releases that README names, and on both processors", () => {
  const { jobs } = parse(readFileSync(NIGHTLY, "utf8")) as {
    jobs: { deploy: { strategy: { matrix: { include: { [name: string]: string }[] } } } };
  };
  const rows = jobs.deploy.strategy.matrix.include;
  const readme = readFileSync(join(REPOSITORY, "README.md"), "utf8");
  const oldest = (name: string) => new RegExp(`${name} (\\d+\\.\\d+) or newer`).exec(readme)?.[1];

  expect(rows).toContainEqual(
    expect.objectContaining({
      engine: expect.stringContaining(`v${oldest("Docker Engine")}.`),
      terraform: expect.stringContaining(`${oldest("Terraform")}.`),
      node: expect.stringContaining(`${oldest("Node.js")}.`),
    }),
  );
  expect(new Set(rows.map(({ runner }) => runner))).toEqual(new Set(["ubuntu-24.04", "ubuntu-24.04-arm"]));
  // A machine that has neither Terraform nor OpenTofu.
  expect(rows).toContainEqual({ runner: expect.any(String), node: expect.any(String) });
});

test("The nightly workflow fails if a digest is missing, or a tag has moved", () => {
  const { jobs } = parse(readFileSync(NIGHTLY, "utf8")) as { jobs: { digests: { steps: { run?: string }[] } } };

  expect(jobs.digests.steps.at(-1)?.run).toBe("npm run releases -- --digests");
});
