import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PullRequestEvent } from "../../../cli/pull-request/event";
import { recordedEvent } from "../../support/plans/pull-request-event";
import type { Changes } from "../../support/plans/pull-request-event";

const LABEL = "allow-data-loss";
const LABELS = [LABEL, "allow-access"];
const folder = mkdtempSync(join(tmpdir(), "mlflow-stack-test-"));
const file = join(folder, "event.json");

afterAll(() => rmSync(folder, { recursive: true }));

function read(event: unknown, name = "pull_request") {
  writeFileSync(file, JSON.stringify(event));
  return PullRequestEvent.read({ GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: file });
}

test.each<[string, string, Changes, string]>([
  ["is reviewed when it is opened", "opened", {}, "review"],
  ["is reviewed when something is pushed", "synchronize", {}, "review"],
  ["is reviewed when it is opened again", "reopened", {}, "review"],
  ["is reviewed when the label comes that allows to delete data", "labeled", { label: LABEL }, "review"],
  ["is reviewed when that label comes in another case", "labeled", { label: "Allow-Data-Loss" }, "review"],
  ["is reviewed when the label comes that allows an access", "labeled", { label: "allow-access" }, "review"],
  ["is reviewed when that label goes", "unlabeled", { label: LABEL }, "review"],
  ["is left alone when another label comes", "labeled", { label: "bug" }, "nothing"],
  ["is applied when it is merged", "closed", { merged: true }, "apply"],
  ["is forgotten when it is closed", "closed", { merged: false }, "discard"],
  ["of a fork is synthesized only", "opened", { from: "eve/Hello-World" }, "synthesize"],
  ["of a fork is synthesized only, whatever its labels", "labeled", { from: "eve/x", label: LABEL }, "synthesize"],
  ["of a fork is not applied", "closed", { from: "eve/Hello-World", merged: true }, "nothing"],
  ["of a bot is synthesized only", "opened", { sender: "Bot" }, "synthesize"],
  ["to which a bot pushes is synthesized only", "synchronize", { sender: "Bot" }, "synthesize"],
  ["that a bot merges is applied", "closed", { sender: "Bot", merged: true }, "apply"],
  ["of a fork that was deleted is synthesized only", "synchronize", { from: null }, "synthesize"],
])("a pull request %s", (_, action, changes, task) => {
  expect(read(recordedEvent(action, changes)).task(LABELS)).toBe(task);
});

test.each([
  ["opened", false],
  ["synchronize", true],
  ["reopened", true],
  ["labeled", false],
])("a pull request that was %s may have commits that nobody has allowed: %s", (action, may) => {
  expect(read(recordedEvent(action)).mayHaveNewCommits).toBe(may);
});

test("labels of a pull request that is closed change nothing", () => {
  const event = recordedEvent("labeled", { label: LABEL }) as { pull_request: { state: string } };
  event.pull_request.state = "closed";

  expect(read(event).task(LABELS)).toBe("nothing");
});

test.each([
  ["pull_request_target", "pull_request_target would run the code of a fork with the rights of this repository"],
  ["push", "this command is for the event pull_request, got: push"],
])("an event of another kind is refused: %s", (name, message) => {
  expect(() => read({}, name)).toThrow(message);
});

test("an event without a pull request is refused, and so is no event", () => {
  expect(() => read({})).toThrow("the event has no pull request");
  expect(() => PullRequestEvent.read({})).toThrow("this command is for a job of GitHub Actions");
});
