import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ArtifactStack } from "../stacks/artifact-stack";

/** Clients that ask all the time, by what they ask. */
export interface LoadOptions {
  readonly seconds: number;

  /** Size of a file that is uploaded, in MiB. */
  readonly mebibytes?: number;

  /** Uploads: through MLflow where transfers are proxied. */
  readonly uploads?: number;

  /** Searches of 200 runs. */
  readonly searches?: number;

  /** Batches of 100 metrics and 100 tags. */
  readonly batches?: number;

  /** One experiment at a time. */
  readonly reads?: number;

  /** Searches of registered models, which have connections of their own. */
  readonly models?: number;

  /** Jobs, each to its end before the next. */
  readonly jobs?: number;
}

/** What became of a load: answers by status, and by kind the number of calls and their seconds. */
export interface LoadResult {
  readonly statuses: { readonly [status: string]: number };
  readonly calls: { readonly [kind: string]: number };
  readonly median: { readonly [kind: string]: number };
  readonly slowest: { readonly [kind: string]: number };
}

/** Loads MLflow through the gateway from a container of its own. */
export async function loadServer(
  stack: ArtifactStack,
  { seconds, mebibytes = 1, uploads = 0, searches = 0, batches = 0, reads = 0, models = 0, jobs = 0 }: LoadOptions,
): Promise<LoadResult> {
  const script = readFileSync(join(__dirname, "server-load.py"), "utf8");
  const clients = Object.entries({ uploads, searches, batches, reads, models, jobs }).map(
    ([kind, count]) => `${kind}=${count}`,
  );
  const output = await stack.client(`${script}\nload(${seconds}, ${mebibytes}, ${clients.join(", ")})\n`);
  return JSON.parse(output.trim().split("\n").at(-1) ?? "") as LoadResult;
}
