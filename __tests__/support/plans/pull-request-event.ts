import examples from "@octokit/webhooks-examples";

/** Repository of the events that GitHub recorded. */
export const EVENTS_REPOSITORY = "Codertocat/Hello-World";

/** What a recorded event is changed in. */
export interface Changes {
  readonly head?: string;
  readonly mergeCommit?: string;
  readonly merged?: boolean;
  readonly label?: string;

  /** Kind of the account that has caused it, in GitHub's word. */
  readonly sender?: string;

  /** Where the branch lies. `null` is a fork that was deleted. */
  readonly from?: string | null;
}

/** An event that GitHub recorded when something happened to pull request 2 of `EVENTS_REPOSITORY`. */
export function recordedEvent(action: string, changes: Changes = {}): object {
  const recorded = examples
    .filter((definition) => definition.name === "pull_request")
    .flatMap((definition) => definition.examples as { action: string }[])
    .find((example) => example.action === action);
  if (!recorded) throw new Error(`GitHub recorded no pull request that was ${action}`);

  const event = structuredClone(recorded) as unknown as {
    pull_request: {
      merged: boolean;
      merge_commit_sha: string | null;
      head: { sha: string; repo: { full_name: string } | null };
    };
    label?: { name: string };
    sender: { type: string };
  };
  const { pull_request: pullRequest } = event;
  if (changes.head) pullRequest.head.sha = changes.head;
  if (changes.mergeCommit) pullRequest.merge_commit_sha = changes.mergeCommit;
  if (changes.merged !== undefined) pullRequest.merged = changes.merged;
  if (changes.from !== undefined) pullRequest.head.repo = changes.from === null ? null : { full_name: changes.from };
  if (changes.sender) event.sender.type = changes.sender;
  if (changes.label && event.label) event.label.name = changes.label;
  return event;
}
