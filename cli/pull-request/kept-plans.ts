import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { CommandError } from "../console/command-error";
import { requirePrivate, stateHome } from "../run/state-home";
import type { Environment } from "../app/environment";
import type { Risk } from "./labels";

// An older plan is stale, or was left behind by a run that broke off.
const DAYS = 30;
// <owner>/<repository>/stack-<id>/<number of the pull request>/<file>
const KEPT = /^[^/]+\/[^/]+\/stack-[^/]+\/\d+\/(plan|plan\.json|review\.json)$/;

/** A review that was written as a comment, and the commit whose plan it reviews. */
export interface KeptReview {
  /** Git's tree of the commit that was planned. */
  readonly tree: string;

  /** The review, as Markdown. */
  readonly markdown: string;

  /** The risks of the plan, which somebody with write access has allowed. */
  readonly allowed: readonly Risk[];
}

/**
 * The plans of a repository's pull requests for one stack, between their review and their merge. They hold secrets, and
 * so stay on the runner, in a folder outside of the checkout that only the runner's user can read.
 */
export class KeptPlans {
  /**
   * @param environment a job's.
   * @param stack id of the stack.
   * @param folder where to keep them.
   * @throws CommandError when others may read the folder, or the next job would not find it.
   */
  public static open(environment: Environment, stack: string, folder = stateHome(environment, "plans")): KeptPlans {
    const { GITHUB_REPOSITORY: repository = "", GITHUB_WORKSPACE: workspace, RUNNER_ENVIRONMENT: kind } = environment;
    if (kind === "github-hosted")
      throw new CommandError(
        "GitHub's own runners are gone after the job, and the plan with them",
        "Run the job on a runner of your own, beside the engine.",
      );
    requirePrivate(folder);
    if (workspace && existsSync(workspace) && isWithin(folder, workspace))
      throw new CommandError(`${folder} is in the checkout, which the next job empties`);
    // The id comes from a pull request's code, and must not lead out of the folder.
    const names = [...repository.split("/"), `stack-${stack}`].map(encodeURIComponent);
    return new KeptPlans(folder, join(folder, ...names));
  }

  private constructor(
    private readonly root: string,
    private readonly folder: string,
  ) {}

  /** Makes the folder for a pull request's plan, and for other files that hold secrets. */
  public prepare(number: number): string {
    const folder = this.folderOf(number);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  }

  /** File of a pull request's plan. */
  public planOf(number: number): string {
    return join(this.folderOf(number), "plan");
  }

  /** Keeps the review of a pull request's plan. Without one `read()` finds no plan. */
  public keep(number: number, review: KeptReview): void {
    writeFileSync(this.reviewOf(number), JSON.stringify(review), { mode: 0o600 });
  }

  /** The review of a pull request's plan; undefined if either is missing or broken. */
  public read(number: number): KeptReview | undefined {
    if (!existsSync(this.planOf(number))) return undefined;
    try {
      const review = JSON.parse(readFileSync(this.reviewOf(number), "utf8")) as Partial<KeptReview>;
      // An earlier release kept reviews without this field.
      return Array.isArray(review.allowed) ? (review as KeptReview) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Removes the plan of a pull request. */
  public async discard(number: number): Promise<void> {
    await rm(this.folderOf(number), { recursive: true, force: true });
  }

  /** Removes the old plans of all repositories, and no other file that somebody keeps in the folder. */
  public async discardOld(now = Date.now()): Promise<void> {
    for (const entry of await readdir(this.root, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isFile() || !KEPT.test(relative(this.root, path).replaceAll(sep, "/"))) continue;
      const { mtimeMs } = await stat(path);
      if (now - mtimeMs > DAYS * 24 * 3600 * 1000) await rm(path, { force: true });
    }
  }

  private folderOf(number: number): string {
    return join(this.folder, String(number));
  }

  private reviewOf(number: number): string {
    return join(this.folderOf(number), "review.json");
  }
}

/** Whether a path leads into a folder. */
export function isWithin(path: string, folder: string): boolean {
  const parent = realpathSync(folder);
  const child = existsSync(path) ? realpathSync(path) : resolve(path);
  return child === parent || child.startsWith(parent + sep);
}
