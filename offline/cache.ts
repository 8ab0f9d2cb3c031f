import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, relative } from "node:path";

// The package does not have these files, and no build reads them.
const NOT_BUILT = /_test\.go$|\.md$/;

/** A path in the folder of builds, under the user's cache directory. */
export function cachePath(...segments: string[]): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "cdktf-mlflow", ...segments);
}

/** A hash over files, folders and words, without tests in Go and pages. Builds from equal sources have equal hashes. */
export function contentHash(paths: string[], ...words: string[]): string {
  const hash = createHash("sha256");
  for (const path of paths) {
    for (const file of filesUnder(path)) {
      hash.update(relative(path, file)).update("\0").update(readFileSync(file)).update("\0");
    }
  }
  for (const word of words) hash.update(word).update("\0");
  return hash.digest("hex");
}

/** Whether a file is there and was built from sources with this hash. */
export function isCurrent(file: string, hash: string): boolean {
  return existsSync(file) && existsSync(`${file}.hash`) && readFileSync(`${file}.hash`, "utf8") === hash;
}

/** Records the hash of the sources that a file was built from. */
export function markCurrent(file: string, hash: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.hash`, hash);
}

// Sorted, because the order in which a folder is listed is not defined.
function filesUnder(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => !NOT_BUILT.test(name))
    .sort()
    .flatMap((name) => filesUnder(join(path, name)));
}
