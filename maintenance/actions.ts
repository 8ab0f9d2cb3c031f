import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { packagePath } from "../lib/values/package-folder";
import { lookUpAll } from "./digests";
import type { DigestFinding } from "./digests";
import type { Run } from "./registries";

// `owner/name@v6`, or pinned: `owner/name@COMMIT # v6`.
const USES = /(?<=uses: )([\w.-]+\/[\w.-]+)@([\w.-]+)(?: # (\S+))?$/gm;
const COMMIT = /^[0-9a-f]{40}$/;

/** The workflows of this repository, and the one that users copy. */
export function workflows(): string[] {
  const own = readdirSync(packagePath(".github", "workflows")).map((name) => packagePath(".github", "workflows", name));
  return [...own, packagePath("action", "workflow.yml")];
}

/** Asks the repositories of all actions in these files for the commits of their tags. */
export function lookUpActions(files: readonly string[], run: Run): Promise<DigestFinding[]> {
  const known = new Map(files.flatMap((file) => actionsIn(readFileSync(file, "utf8"))));
  return lookUpAll(
    [...known.keys()],
    (name) => known.get(name),
    (name) => commitOf(name, run),
  );
}

/** Writes the commits that were found into the files, each with its tag as a comment. */
export function pinActions(files: readonly string[], findings: readonly DigestFinding[]): void {
  const commits = new Map(findings.map(({ name, found }) => [name, found]));
  for (const file of files) writeFileSync(file, withCommits(readFileSync(file, "utf8"), commits));
}

/** Each action of a workflow with its tag, and the commit that it is pinned to. */
export function actionsIn(workflow: string): [name: string, commit: string | undefined][] {
  return [...workflow.matchAll(USES)].map(([, action, reference = "", tag]) =>
    COMMIT.test(reference) ? [`${action}@${tag}`, reference] : [`${action}@${reference}`, undefined],
  );
}

/** A workflow with these commits, by the action with its tag. */
export function withCommits(workflow: string, commits: ReadonlyMap<string, string | undefined>): string {
  return workflow.replace(USES, (text, action: string, reference: string, tag = reference) => {
    const commit = commits.get(`${action}@${tag}`);
    return commit === undefined ? text : `${action}@${commit} # ${tag}`;
  });
}

async function commitOf(name: string, run: Run): Promise<string> {
  const [action = "", tag = ""] = name.split("@");
  const lines = await run("git", [
    "ls-remote",
    `https://github.com/${action}`,
    `refs/tags/${tag}`,
    `refs/tags/${tag}^{}`,
  ]);
  // The last line is what an annotated tag names.
  const commit = lines.trim().split("\n").at(-1)?.split("\t")[0] ?? "";
  if (!COMMIT.test(commit)) throw new Error(`${action} has no tag ${tag}`);
  return commit;
}
