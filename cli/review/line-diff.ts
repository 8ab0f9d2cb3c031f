import { structuredPatch } from "diff";
import type { FileChange } from "./model";

// a diff of more says less than the file itself, and takes time that grows with its square.
const MOST_EDITS = 2000;
const MOST_CHARACTERS = 1_000_000;
const CONTEXT = 3;

/** How a text changes, line by line. */
export function diffLines(name: string, before: string | undefined, after: string | undefined): FileChange {
  if (after === undefined) return { kind: "file", name, state: "removed", removed: lines(before ?? "") };
  const state = before === undefined ? "new" : "changed";
  const size = (before?.length ?? 0) + after.length;
  const patch =
    size > MOST_CHARACTERS
      ? undefined
      : structuredPatch(name, name, before ?? "", after, "", "", { context: CONTEXT, maxEditLength: MOST_EDITS });
  if (!patch) return { kind: "file", name, state, added: lines(after), removed: lines(before ?? "") };

  const all = patch.hunks.flatMap((hunk) => hunk.lines);
  const parts = patch.hunks.map((hunk) =>
    [`@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`, ...hunk.lines].join("\n"),
  );
  return {
    kind: "file",
    name,
    state,
    added: all.filter((line) => line.startsWith("+")).length,
    removed: all.filter((line) => line.startsWith("-")).length,
    diff: parts.join("\n"),
  };
}

function lines(text: string): number {
  return text === "" ? 0 : text.replace(/\n$/, "").split("\n").length;
}
