import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { actionsIn, lookUpActions, pinActions, workflows } from "../../maintenance/actions";
import { describeDigests } from "../../maintenance/digests";
import type { Run } from "../../maintenance/registries";

const [OLD, TAG, NEW] = ["a", "b", "c"].map((digit) => digit.repeat(40)) as [string, string, string];
const WORKFLOW = `steps:
  - uses: actions/checkout@v6
  - uses: ./node_modules/cdktf-mlflow/action
  - uses: hashicorp/setup-terraform@${OLD} # v3
    with: {}
  - uses: example/gone@v1
`;
// An annotated tag, and one without.
const run: Run = async (program, [command, url = "", ...refs]) => {
  expect([program, command]).toEqual(["git", "ls-remote"]);
  if (url.endsWith("/checkout")) return `${TAG}\t${refs[0]}\n${NEW}\t${refs[1]}\n`;
  return url.endsWith("/setup-terraform") ? `${NEW}\trefs/tags/v3\n` : "";
};

test("Actions without a commit, or with another one, are told and written, with their tag as a comment", async () => {
  const file = join(mkdtempSync(join(tmpdir(), "workflow-")), "test.yml");
  writeFileSync(file, WORKFLOW);

  const findings = await lookUpActions([file], run);
  expect(describeDigests(findings)).toEqual([
    `actions/checkout@v6: is not pinned, and is ${NEW} now`,
    `hashicorp/setup-terraform@v3: is pinned to ${OLD}, and is ${NEW} now`,
    "example/gone@v1: cannot be looked up (example/gone has no tag v1)",
  ]);

  pinActions([file], findings);
  expect(readFileSync(file, "utf8")).toBe(WORKFLOW.replace("checkout@v6", `checkout@${NEW} # v6`).replace(OLD, NEW));
  expect(describeDigests((await lookUpActions([file], run)).slice(0, 2))).toEqual([]);
});

test("All actions of the workflows are found", () => {
  const texts = workflows().map((file) => readFileSync(file, "utf8"));
  const lines = texts.flatMap((text) => text.split("\n").filter((line) => /uses: (?!\.\/)/.test(line)));

  expect(lines.length).toBeGreaterThan(10);
  expect(texts.flatMap(actionsIn)).toHaveLength(lines.length);
});
