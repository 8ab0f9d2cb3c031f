import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { CommandError } from "../console/command-error";
import { loadExeca } from "../console/es-modules";

/** An artifact location of the old server without the experiment's id, and the folder with its files. */
export interface ArtifactFolder {
  /** Undefined for the only location that has runs, models or traces. */
  readonly root?: string;

  readonly folder: string;
}

/** Reads `FOLDER` or `LOCATION=FOLDER`. */
export function parseArtifacts(value: string): ArtifactFolder {
  const end = value.lastIndexOf("=");
  return end === -1
    ? { folder: value }
    : { root: value.slice(0, end).replace(/\/+$/, ""), folder: value.slice(end + 1) };
}

/** The number of runs, models and traces whose files lie below each artifact location. */
export type Roots = { readonly [root: string]: { readonly [kind: string]: number } };

/**
 * The folder for each artifact location.
 *
 * @throws CommandError when a location has no folder, or a folder has no location.
 */
export function foldersOf(roots: Roots, given: ArtifactFolder[]): { root: string; folder: string }[] {
  const named = new Map(given.flatMap(({ root, folder }) => (root === undefined ? [] : [[root, folder] as const])));
  const [unnamed, ...more] = given.filter(({ root }) => root === undefined);
  const left = Object.keys(roots).filter((root) => !named.has(root));
  const unknown = [...named.keys()].filter((root) => !(root in roots));
  const example = `Give each its folder: ${left.map((root) => `--artifacts '${root}=FOLDER'`).join(" ")}`;
  if (unknown.length > 0) {
    throw new CommandError(
      `no run, model or trace has files below: ${unknown.join(", ")}`,
      `These have: ${Object.keys(roots).join(", ") || "none"}`,
    );
  }
  if (more.length > 0 || (unnamed && left.length !== 1)) {
    throw new CommandError(
      `'--artifacts FOLDER' is for one artifact location, and ${left.length === 0 ? "none is left" : `these are left: ${left.join(", ")}`}`,
      left.length > 0 ? example : undefined,
    );
  }
  if (unnamed && left[0] !== undefined) named.set(left[0], unnamed.folder);
  const missing = left.filter((root) => !named.has(root));
  if (missing.length > 0) {
    throw new CommandError(
      `the database names files in ${missing.join(", ")}, and there is no folder with them`,
      `${example}. An empty folder leaves them behind.`,
    );
  }
  return [...named].map(([root, folder]) => ({ root, folder }));
}

/** @throws CommandError when there is no such file or folder. */
export async function requirePath(path: string, kind: "file" | "folder"): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (!(kind === "file" ? found?.isFile() : found?.isDirectory())) {
    throw new CommandError(`there is no ${kind} '${path}'`);
  }
}

/** The content of a file. */
export async function* contentOf(path: string): AsyncGenerator<Buffer> {
  for await (const chunk of createReadStream(path)) yield chunk as Buffer;
}

/**
 * A folder as a tar. Links are followed, because the bucket has none.
 *
 * @throws CommandError when a file cannot be read.
 */
export async function* tarOf(folder: string): AsyncGenerator<Buffer> {
  const { execa } = await loadExeca();
  const child = execa("tar", ["-chf", "-", "-C", folder, "."], {
    encoding: "buffer",
    buffer: { stdout: false },
    reject: false,
  });
  for await (const chunk of child.stdout) yield chunk as Buffer;
  const { exitCode, stderr } = await child;
  if (exitCode !== 0) {
    const reason = Buffer.from(stderr).toString().trim().split("\n").at(-1);
    throw new CommandError(`the folder '${folder}' could not be read: ${reason ?? `tar ended with ${exitCode}`}`);
  }
}
