import { withoutTokens } from "../app/environment";
import { Redaction } from "../app/redaction";
import { PullRequestEvent } from "../pull-request/event";
import { GitHub } from "../pull-request/github";
import { KeptPlans } from "../pull-request/kept-plans";
import { PullRequestRun } from "../pull-request/pull-request-run";
import type { PullRequestSettings } from "../pull-request/pull-request-run";
import { reviewForComment } from "../pull-request/plan-review";
import type { Reviewer } from "../pull-request/plan-review";
import { synthesizeStack } from "../app/synthesis";

/** Options of `pull-request`. */
export interface PullRequestOptions extends PullRequestSettings {
  /** Folder that keeps plans between review and merge. See `KeptPlans`. */
  readonly plans?: string;
}

/** Reviews, applies or discards the plan of a pull request, as its event asks for, in a job of GitHub Actions. */
export async function pullRequest(options: PullRequestOptions, reviewer: Reviewer = reviewForComment): Promise<void> {
  const event = PullRequestEvent.read(process.env);
  const task = event.task([options.dataLossLabel, options.accessLabel]);
  console.log(`Pull request ${event.number}, ${event.action}: ${task}.`);
  if (task === "nothing") return;
  if (task === "synthesize") return synthesizeOnly(options.stack);

  const plans = KeptPlans.open(process.env, options.stack, options.plans);
  await plans.discardOld();
  if (task === "discard") return plans.discard(event.number);

  const github = await GitHub.connect(process.env);
  const run = new PullRequestRun(event, options, github, plans, reviewer, process.env);
  await (task === "review" ? run.review() : run.apply());
}

async function synthesizeOnly(stack: string): Promise<void> {
  const environment = withoutTokens(process.env);
  await synthesizeStack(stack, environment, Redaction.ofEnvironment(environment));
  console.log(
    `Stack '${stack}' can be synthesized. It is not planned: that needs access to the engine, ` +
      "and this pull request comes from another repository.",
  );
}
