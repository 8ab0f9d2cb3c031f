import { structuredPatch } from "diff";
import type { StructuredPatchHunk } from "diff";
import type { FileChange } from "../model/model";

// A diff with more edits says less than the file itself.
const MAX_EDITS = 1000;
const MAX_CHARACTERS = 1_000_000;
// The time of a diff grows with the square of its edits. All diffs of a review together take some two seconds at most.
const MAX_WORK = 10_000_000;
const CONTEXT = 3;

/** Compares texts line by line, within a limit for the time of all comparisons together. */
export class LineDiffs {
  #left = MAX_WORK;

  /** How a text changes; without its lines if they are too many. */
  public of(name: string, before: string | undefined, after: string | undefined): FileChange {
    if (after === undefined) return { kind: "file", name, state: "removed", removed: lines(before ?? "") };
    const state = before === undefined ? "new" : "changed";
    const hunks = this.hunks(before ?? "", after);
    if (!hunks) return { kind: "file", name, state, added: lines(after), removed: lines(before ?? "") };

    const all = hunks.flatMap((hunk) => hunk.lines);
    const parts = hunks.map((hunk) =>
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

  private hunks(before: string, after: string): StructuredPatchHunk[] | undefined {
    const most = Math.min(MAX_EDITS, Math.floor(Math.sqrt(this.#left)));
    if (before.length + after.length > MAX_CHARACTERS || most < 1) return undefined;
    const patch = structuredPatch("", "", before, after, "", "", { context: CONTEXT, maxEditLength: most });
    const edits = patch?.hunks.reduce(
      (sum, { lines }) => sum + lines.filter((line) => !line.startsWith(" ")).length,
      0,
    );
    this.#left -= (edits ?? most) ** 2;
    return patch?.hunks;
  }
}

function lines(text: string): number {
  return text === "" ? 0 : text.replace(/\n$/, "").split("\n").length;
}
