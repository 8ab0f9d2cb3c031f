import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir, hostname } from "node:os";
import { dirname, join, relative } from "node:path";

// The package does not have these files, and no build reads them.
const NOT_BUILT = /_test\.go$|\.md$/;
const DAY = 24 * 60 * 60 * 1000;

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

/** Hands a build a folder that is its own, also beside a build of another checkout. Removes the folder afterwards. */
export async function withBuildFolder<T>(name: string, use: (folder: string) => Promise<T>): Promise<T> {
  removeKilledBuilds();
  mkdirSync(buildFolders(), { recursive: true });
  const folder = mkdtempSync(join(buildFolders(), `${name}-${process.pid}@${hostname()}-`));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Removes the folders of killed builds. They may hold this machine's settings for pip, and in these a password. */
export function removeKilledBuilds(): void {
  if (!existsSync(buildFolders())) return;
  for (const name of readdirSync(buildFolders())) {
    const [, pid, host] = /-(\d+)@(.+)-[^-]*$/.exec(name) ?? [];
    const folder = join(buildFolders(), name);
    if (host === hostname() && !isProcess(Number(pid))) rmSync(folder, { recursive: true, force: true });
    // Another machine may have the same home, and a later process the same number.
    else removeOlder(folder, 1);
  }
}

function buildFolders(): string {
  return cachePath("context");
}

function isProcess(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Removes a file or folder that was last changed more than `days` ago. */
export function removeOlder(path: string, days: number): void {
  const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
  if (Date.now() - changed > days * DAY) rmSync(path, { recursive: true, force: true });
}

// Sorted, because the order in which a folder is listed is not defined.
function filesUnder(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => !NOT_BUILT.test(name))
    .sort()
    .flatMap((name) => filesUnder(join(path, name)));
}
