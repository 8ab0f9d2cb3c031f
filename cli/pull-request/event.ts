import { readFileSync } from "node:fs";
import { CommandError } from "../console/command-error";
import type { Environment } from "../app/environment";

/**
 * The work for an event:
 * - `synthesize`: only check that the app can be synthesized;
 * - `review`: plan, comment, keep the plan;
 * - `apply`: apply the plan that was kept;
 * - `discard`: remove it;
 * - `nothing`.
 */
export type Task = "synthesize" | "review" | "apply" | "discard" | "nothing";

interface Payload {
  readonly action?: string;
  readonly label?: { readonly name: string };
  readonly repository?: { readonly full_name: string };
  readonly sender?: { readonly type: string };
  readonly pull_request?: {
    readonly number: number;
    readonly state: string;
    readonly merged?: boolean | null;
    readonly merge_commit_sha?: string | null;
    readonly base: { readonly ref: string };
    readonly head: { readonly sha: string; readonly repo?: { readonly full_name: string } | null };
  };
}

/** The event of a pull request, from the file that GitHub gives to a job. */
export class PullRequestEvent {
  /**
   * @throws CommandError when there is no such file, or it is of another event.
   */
  public static read(environment: Environment): PullRequestEvent {
    const { GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: file } = environment;
    if (!name || !file)
      throw new CommandError(
        "this command is for a job of GitHub Actions, which has GITHUB_EVENT_NAME and GITHUB_EVENT_PATH",
      );
    if (name === "pull_request_target")
      throw new CommandError(
        "pull_request_target would run the code of a fork with the rights of this repository",
        "Trigger the workflow by pull_request.",
      );
    if (name !== "pull_request") throw new CommandError(`this command is for the event pull_request, got: ${name}`);
    return new PullRequestEvent(JSON.parse(readFileSync(file, "utf8")) as Payload);
  }

  public readonly number: number;

  /** The action of the event, in GitHub's word. */
  public readonly action: string;

  /** Branch that it is merged into. */
  public readonly base: string;

  /** Commit that is or was to be merged. */
  public readonly head: string;

  /** Commit of the base branch that merged it. */
  public readonly mergeCommit?: string;

  readonly #isFork: boolean;
  readonly #isOfBot: boolean;
  readonly #isOpen: boolean;
  readonly #isMerged: boolean;
  readonly #label?: string;

  /** @throws CommandError when the payload has no pull request. */
  constructor({ action, label, repository, sender, pull_request: pullRequest }: Payload) {
    if (!action || !repository || !pullRequest) throw new CommandError("the event has no pull request");
    this.action = action;
    this.number = pullRequest.number;
    this.base = pullRequest.base.ref;
    this.head = pullRequest.head.sha;
    this.mergeCommit = pullRequest.merge_commit_sha ?? undefined;
    // GitHub gives no repository if the fork was deleted.
    this.#isFork = pullRequest.head.repo?.full_name !== repository.full_name;
    this.#isOfBot = sender?.type === "Bot";
    this.#isOpen = pullRequest.state === "open";
    this.#isMerged = pullRequest.merged === true;
    this.#label = label?.name;
  }

  /** Whether there may be commits that those who set the labels have not seen. */
  public get mayHaveNewCommits(): boolean {
    return this.action === "synchronize" || this.action === "reopened";
  }

  /** @param labels those that allow a plan to do something. */
  public task(labels: readonly string[]): Task {
    if (this.#isFork) return this.#isOpen ? "synthesize" : "nothing";
    if (this.action === "closed") return this.#isMerged ? "apply" : "discard";
    if (!this.#isOpen) return "nothing";
    // A bot that updates packages has not looked at the new release, and neither has anybody else.
    if (this.#isOfBot) return "synthesize";
    const isAboutLabels = this.action === "labeled" || this.action === "unlabeled";
    return isAboutLabels && !labels.some((label) => isSameLabel(this.#label, label)) ? "nothing" : "review";
  }
}

/** Whether two labels are the same to GitHub, which ignores their case. */
export function isSameLabel(one: string | undefined, other: string): boolean {
  return one?.toLowerCase() === other.toLowerCase();
}
