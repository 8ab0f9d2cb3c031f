import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ExitCode } from "../../cli/console/command-error";
import { RELEASES } from "../../lib/values/releases";
import { PULL_REQUEST_PROGRAM } from "../support/compiled";
import { removeLeftovers } from "../support/stacks/deployment";
import { GitHubStub } from "../support/servers/github-stub";
import { EVENTS_REPOSITORY, recordedEvent } from "../support/plans/pull-request-event";
import type { Changes } from "../support/plans/pull-request-event";
import { run, runOk } from "../support/run";
import type { Outcome } from "../support/run";
import { StoreApp } from "../support/stacks/store-app";

jest.setTimeout(5 * 60_000);

const LABEL = "allow-data-loss";
const TOKEN = "ghs_of-this-job-only";
const app = new StoreApp("e2e-wf-pr");
const github = new GitHubStub(TOKEN);
const plans = join(app.outside, "plans");
const kept = join(plans, "Codertocat", "Hello-World", `stack-${app.id}`, "2");
const summary = join(app.outside, "summary.md");
const marker = `<!-- mlflow-stack review: ${app.id} -->`;

/** What is pushed while the job waits for its turn. */
let pushed: string | undefined;

/** What a job does when GitHub says that something happened to the pull request. */
async function job(
  action: string,
  changes: Changes = {},
  variables: { [name: string]: string } = {},
): Promise<Outcome> {
  const event = join(app.outside, "event.json");
  writeFileSync(event, JSON.stringify(recordedEvent(action, { head: "f00d", ...changes })));
  github.head = action === "closed" ? undefined : (pushed ?? changes.head ?? "f00d");
  const environment = {
    STACK: app.id,
    PLANS: plans,
    GITHUB_TOKEN: TOKEN,
    GITHUB_API_URL: github.address,
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_REPOSITORY: EVENTS_REPOSITORY,
    GITHUB_RUN_ID: "41",
    GITHUB_EVENT_NAME: "pull_request",
    GITHUB_EVENT_PATH: event,
    GITHUB_WORKSPACE: app.folder,
    GITHUB_STEP_SUMMARY: summary,
    RUNNER_ENVIRONMENT: "self-hosted",
  };
  return app.command([], { ...environment, ...variables }, [PULL_REQUEST_PROGRAM]);
}

/** As `job()`, and it has to end in a certain way. */
async function jobEnds(code: number, action: string, changes: Changes = {}): Promise<Outcome> {
  const outcome = await job(action, changes);
  if (outcome.code !== code)
    throw new Error(`the job ended with ${outcome.code}:\n${outcome.stdout}\n${outcome.stderr}`);
  return outcome;
}

/** Merges what is checked out, as GitHub does: another commit with the same content. */
async function merge(): Promise<{ merged: true; mergeCommit: string }> {
  const mergeCommit = await app.commit("Merge pull request #2");
  github.tips.master = mergeCommit;
  return { merged: true, mergeCommit };
}

function comment(): string {
  const mine = github.comments.filter(({ user }) => user.login === "github-actions[bot]");
  expect(mine).toHaveLength(1);
  return mine[0]?.body ?? "";
}

const limit = async () =>
  Number(await runOk("docker", ["inspect", "-f", "{{.HostConfig.Memory}}", `${app.id}-postgres`])) / 2 ** 20;

const serial = () => (JSON.parse(readFileSync(app.stateFile, "utf8")) as { serial: number }).serial;

beforeAll(async () => {
  await removeLeftovers(app.id);
  await github.start(18400);
  github.permissions.ada = "admin";
  github.permissions.tom = "read";
});

afterAll(async () => {
  await github.stop();
  await removeLeftovers(app.id);
  app.remove();
});

describe("A pull request", () => {
  test("that is opened gets one comment with what would happen, and its plan is kept for this user alone", async () => {
    github.comment("eve", `${marker}\nNothing changes, trust me.`);
    for (let i = 0; i < 120; i += 1) github.comment("tom", "+1");
    app.write(256);
    await app.commit("feat: a database");
    await jobEnds(0, "opened");

    expect(comment()).toMatch(new RegExp(`^${marker}\nMerging applies this plan, made of f00d\\. \\(\\[log\\]`));
    expect(comment()).toContain("- create docker_container.postgres");
    expect(statSync(join(kept, "plan")).mode & 0o777).toBe(0o600);
    expect(statSync(kept).mode & 0o777).toBe(0o700);
    expect(readFileSync(summary, "utf8")).toContain("- create docker_container.postgres");
    expect(existsSync(app.stateFile)).toBe(false);
  });

  test("that is pushed to has its comment changed, nobody else's, and another plan", async () => {
    const before = readFileSync(join(kept, "plan"));
    app.write(280);
    await app.commit("fix: more memory");
    await jobEnds(0, "synchronize", { head: "beef" });

    expect(comment()).toContain("made of beef");
    expect(github.comments[0]?.body).toBe(`${marker}\nNothing changes, trust me.`);
    expect(github.comments).toHaveLength(122);
    expect(readFileSync(join(kept, "plan")).equals(before)).toBe(false);
  });

  test("that is merged has the plan applied that was reviewed, which then is gone", async () => {
    const { stdout } = await jobEnds(0, "closed", await merge());

    expect(stdout).toContain(`Stack '${app.id}': 7 to create.`);
    expect(await limit()).toBe(280);
    expect(comment()).toMatch(new RegExp(`^${marker}\n\\*\\*Applied\\.\\*\\*`));
    expect(comment()).toContain("- create docker_container.postgres");
    expect(existsSync(kept)).toBe(false);
  });

  test("that is closed without a merge leaves no plan behind", async () => {
    app.write(300);
    await app.commit("fix: more memory");
    await jobEnds(0, "opened");
    expect(existsSync(join(kept, "plan"))).toBe(true);
    await jobEnds(0, "closed", { merged: false });

    expect(existsSync(kept)).toBe(false);
    expect(await limit()).toBe(280);
  });

  test("that was pushed to while its job waited is left to the next one", async () => {
    const before = comment();
    pushed = "cafe";
    const { stdout } = await jobEnds(0, "synchronize", { head: "beef" });
    pushed = undefined;

    expect(stdout).toContain("The pull request was pushed to, merged or closed since: nothing to do.");
    expect(comment()).toBe(before);
    expect(existsSync(kept)).toBe(false);
  });

  test("that breaks the app says so in its comment, and leaves no plan behind", async () => {
    app.write(300);
    await jobEnds(0, "opened");
    writeFileSync(
      join(app.folder, "settings.json"),
      JSON.stringify({ stack: app.id, memory: 1, state: app.stateFile }),
    );
    await jobEnds(ExitCode.failure, "synchronize");

    expect(comment()).toMatch(/\n\*\*There is no plan\.\*\* Merging applies nothing\./);
    expect(comment()).toContain("'memory' must be");
    expect(existsSync(kept)).toBe(false);
  });
});

describe("A pull request of a fork", () => {
  test("is synthesized, and nothing of it is planned, commented or kept", async () => {
    const before = github.requests.length;
    app.write(310);
    const { stdout } = await job(
      "opened",
      { from: "eve/Hello-World" },
      { GITHUB_TOKEN: "", DOCKER_HOST: "tcp://127.0.0.1:1" },
    );

    expect(stdout).toContain(`Stack '${app.id}' can be synthesized. It is not planned`);
    expect(existsSync(join(app.stackFolder, "cdk.tf.json"))).toBe(true);
    expect(github.requests).toHaveLength(before);
    expect(existsSync(kept)).toBe(false);
  });
});

describe("A plan that is stale at the merge", () => {
  test("is not applied when something else was, and what would happen now is reviewed first", async () => {
    app.write(320);
    await app.commit("fix: more memory");
    await jobEnds(0, "opened");
    const other = join(app.outside, "other");
    app.write(300);
    expect(await app.command(["plan", "--out", other])).toMatchObject({ code: 0 });
    expect(await app.command(["apply", other, "--yes"])).toMatchObject({ code: 0 });
    const before = serial();

    app.write(320);
    const merged = await merge();
    const { stderr } = await jobEnds(ExitCode.stalePlan, "closed", merged);
    expect(stderr).toContain("not applied: the state has changed since the plan was made");
    expect([await limit(), serial()]).toEqual([300, before]);
    expect(comment()).toMatch(/\n\*\*Not applied\*\*: the state has changed [^\n]* run the failed job again\./);

    await jobEnds(0, "closed", merged);
    expect(await limit()).toBe(320);
    expect(comment()).toMatch(/\n\*\*Applied\.\*\*/);
  });

  test("is not applied when the merged commit has other content than the planned one", async () => {
    app.write(330);
    await app.commit("fix: more memory");
    await jobEnds(0, "opened");
    writeFileSync(join(app.folder, "README.md"), "somebody else's change");
    const { stderr } = await jobEnds(ExitCode.stalePlan, "closed", await merge());

    expect(stderr).toContain("not applied: the merged commit has other content than the planned one");
    expect(await limit()).toBe(320);
  });

  test("is not made anew for an old merge, which would take back the newer ones", async () => {
    const merged = await merge();
    github.tips.master = "another commit";
    app.write(340);
    await app.commit("not what was planned");
    const { stderr } = await jobEnds(ExitCode.stalePlan, "closed", merged);

    expect(stderr).toContain("and master has moved on");
    expect(comment()).toMatch(/\n\*\*Not applied\*\*: [^\n]* and master has moved on\./);
    expect(existsSync(kept)).toBe(false);
    expect(await limit()).toBe(320);
  });

  test("is not missed when there is nothing left to apply", async () => {
    app.write(320);
    await jobEnds(0, "closed", await merge());

    expect(comment()).toMatch(/\nThere is nothing to apply\./);
  });
});

describe("A plan that opens a dangerous access", () => {
  const ACCESS_LABEL = "allow-access";
  const isShared = async () =>
    (await runOk("docker", ["inspect", "-f", "{{.HostConfig.PidMode}}", `${app.id}-postgres`])).trim() === "host";

  test("fails the check, and the label for data does not allow it", async () => {
    app.writeSettings({ memory: 320, hostProcesses: true });
    await app.commit("feat: it sees the processes of the host");
    github.label("labeled", LABEL, "ada");
    const { stderr } = await jobEnds(ExitCode.dangerousAccess, "opened");
    github.label("unlabeled", LABEL, "ada");

    expect(stderr).toContain(`Add the label '${ACCESS_LABEL}' to the pull request, if the access shall open.`);
    expect(comment()).toMatch(/\n\*\*This opens a dangerous access\.\*\* Merging does not apply it/);
    expect(existsSync(kept)).toBe(false);
  });

  test("is applied on merge once its own label is set", async () => {
    github.label("labeled", ACCESS_LABEL, "ada");
    await jobEnds(0, "labeled", { label: ACCESS_LABEL });
    await jobEnds(0, "closed", await merge());

    expect(await isShared()).toBe(true);
    expect(comment()).toMatch(/\n\*\*Applied\.\*\*/);
    github.label("unlabeled", ACCESS_LABEL, "ada");
  });
});

describe("A plan that deletes data", () => {
  const open = async () => {
    app.write(0);
    await app.commit("feat!: no database");
  };

  test("fails the check, and is not kept", async () => {
    await open();
    const { stderr } = await jobEnds(ExitCode.dataAtRisk, "opened");

    expect(stderr).toContain(`Add the label '${LABEL}' to the pull request, if the data may go.`);
    expect(comment()).toMatch(/\n\*\*This deletes data\.\*\* Merging does not apply it/);
    expect(existsSync(kept)).toBe(false);
  });

  test("is not allowed by the label of somebody who may not write", async () => {
    github.label("labeled", LABEL, "tom");
    await jobEnds(ExitCode.dataAtRisk, "labeled", { label: LABEL });

    github.label("unlabeled", LABEL, "tom");
    github.label("labeled", LABEL, "nobody-here");
    await jobEnds(ExitCode.dataAtRisk, "labeled", { label: LABEL });
    expect(existsSync(kept)).toBe(false);
  });

  test("is allowed by the label of somebody who may, until something is pushed", async () => {
    github.label("unlabeled", LABEL, "tom");
    github.label("labeled", LABEL, "ada");
    await jobEnds(0, "labeled", { label: LABEL });
    expect(existsSync(join(kept, "plan"))).toBe(true);

    await jobEnds(ExitCode.dataAtRisk, "synchronize");
    expect(existsSync(kept)).toBe(false);
    expect(github.labelEvents.at(-1)).toMatchObject({ event: "unlabeled", actor: { login: "github-actions[bot]" } });
  });

  test("is not applied when the label has gone before the merge", async () => {
    github.label("labeled", LABEL, "ada");
    await jobEnds(0, "labeled", { label: LABEL });
    github.label("unlabeled", LABEL, "ada");
    await jobEnds(ExitCode.dataAtRisk, "closed", await merge());

    expect(await limit()).toBe(320);
  });

  test("is applied on merge once it is allowed", async () => {
    await open();
    github.label("labeled", LABEL, "ada");
    await jobEnds(0, "labeled", { label: LABEL });
    await jobEnds(0, "closed", await merge());

    expect(await runOk("docker", ["volume", "ls", "--format", "{{.Name}}"])).not.toContain(`${app.id}-archive`);
    expect(comment()).toMatch(/\n\*\*Applied\.\*\*/);
  });
});

describe("A job", () => {
  // The database that has left the app left its volume, which no later plan may take by itself.
  beforeAll(async () => {
    await runOk("docker", ["volume", "rm", `${app.id}-postgres-data-${RELEASES.postgres.default}`]);
  });

  test("refuses a state in the checkout, which the next one would empty", async () => {
    app.write(256, join(app.folder, "terraform.tfstate"));
    const { stderr } = await jobEnds(ExitCode.failure, "opened");

    expect(stderr).toContain("the state would be in the checkout, which the next job empties");
  });

  test("keeps no plan when its comment cannot be written", async () => {
    app.write(256);
    github.failing = { pattern: /^(POST|PATCH)/, status: 403 };
    const { stderr } = await jobEnds(ExitCode.failure, "opened");
    github.failing = undefined;

    expect(stderr).toContain("GitHub did not let the job comment on the pull request");
    expect(stderr).toContain("The job needs 'permissions: { contents: read, pull-requests: write }'.");
    expect(existsSync(kept)).toBe(false);
  });

  test("leaves no secret but in the state, and the token nowhere", async () => {
    const password = /"result":\s*"([^"]+)"/.exec(readFileSync(`${app.stateFile}.backup`, "utf8"))?.[1] ?? "";
    expect(password).toHaveLength(32);
    const written = [...github.comments.map(({ body }) => body), readFileSync(summary, "utf8")].join("\n");
    expect(written).not.toContain(password);

    mkdirSync(plans, { recursive: true });
    const leftovers = readdirSync(plans, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(leftovers).toEqual([]);
    const { stdout } = await run("grep", ["-rl", TOKEN, app.folder, "--exclude-dir=node_modules"]);
    expect(stdout).toBe("");
  });
});
