import { createHash } from "node:crypto";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { withoutCarriageReturns } from "../values/package-folder";

/**
 * A hash of a folder's files, the same on every machine: whatever order the file system lists them in, and with the line
 * ends of any checkout.
 */
export function contextHash(folder: string): string {
  const hash = createHash("sha256");
  for (const path of filesOf(folder)) {
    const content = readFileSync(join(folder, path));
    // A text has no NUL.
    const bytes = content.includes(0)
      ? content
      : Buffer.from(withoutCarriageReturns(content.toString("latin1")), "latin1");
    hash.update(`${path}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest("hex").slice(0, 32).toUpperCase();
}

function filesOf(folder: string, below = ""): string[] {
  return readdirSync(join(folder, below))
    .map((name) => posix.join(below, name))
    .flatMap((path) => (statSync(join(folder, path)).isDirectory() ? filesOf(folder, path) : [path]))
    .sort();
}
