import { appendFile } from "node:fs/promises";
import { resolve } from "node:path";
import { applyFrom } from "./apply-saved-plan";
import { CommandError, ExitCode } from "./command-error";
import { Deployment } from "./deployment";
import { Redaction } from "./environment";
import type { Environment } from "./environment";
import { isEmpty } from "./plan";
import { loadExeca } from "./programs";
import { commentOf, markerOf } from "./pull-request/comment";
import { PullRequestEvent } from "./pull-request/event";
import { GitHub } from "./pull-request/github";
import { KeptPlans, isWithin } from "./pull-request/kept-plans";
import type { KeptReview } from "./pull-request/kept-plans";
import { reviewPlan } from "./pull-request/review-plan";
import type { Reviewer } from "./pull-request/review-plan";
import { planInto } from "./save-plan";
import { synthesizeStack } from "./synthesis";

/** Options of `pull-request`. */
export interface PullRequestOptions {
  /** Id of the stack. */
  readonly stack: string;

  /** Folder that keeps plans between review and merge. See `KeptPlans`. */
  readonly plans?: string;

  /** Label by which somebody with write access allows a plan to delete data. */
  readonly dataLossLabel: string;

  /** Name under which the token comments. */
  readonly author: string;
}

/** Does what a pull request's event asks for, in a job of GitHub Actions. */
export async function pullRequest(options: PullRequestOptions, reviewer: Reviewer = reviewPlan): Promise<void> {
  const event = PullRequestEvent.read(process.env);
  const task = event.task(options.dataLossLabel);
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
  await synthesizeStack(stack, environment, new Redaction(environment));
  console.log(
    `Stack '${stack}' can be synthesized. It is not planned: that takes the rights of the engine, ` +
      "and this pull request comes from another repository.",
  );
}

class PullRequestRun {
  constructor(
    private readonly event: PullRequestEvent,
    private readonly options: PullRequestOptions,
    private readonly github: GitHub,
    private readonly plans: KeptPlans,
    private readonly reviewer: Reviewer,
    private readonly environment: Environment,
  ) {}

  /** Plans, comments, and keeps the plan for the merge. */
  public async review(): Promise<void> {
    await this.plans.discard(this.event.number);
    // who allowed the plan before this push has not seen what comes now.
    if (this.event.action === "synchronize") await this.revoke();
    await this.makeReview(`Merging applies this plan, made of ${this.event.head}.`);
  }

  /** Applies the plan that was reviewed, or has what would happen instead reviewed. */
  public async apply(): Promise<void> {
    const kept = this.plans.read(this.event.number);
    const reason = (await this.whyNot(kept)) ?? (kept && (await this.applyKept(kept)));
    if (reason === undefined) return;

    await this.plans.discard(this.event.number);
    await this.requireNewest(reason);
    if (kept?.allowsDataLoss) await this.revoke();
    const isEmpty = await this.makeReview(
      `**Not applied**: ${reason}. This is what would happen now. To apply it, run the failed job again.`,
    );
    if (isEmpty) return;
    throw new CommandError(
      `not applied: ${reason}`,
      "What would happen now is in the comment. To apply that, run this job again.",
      ExitCode.stalePlan,
    );
  }

  private async whyNot(kept: KeptReview | undefined): Promise<string | undefined> {
    if (!kept) return "there is no plan of it that was reviewed";
    if (kept.tree !== (await treeOfCheckout())) return "what was merged is not what was planned";
    if (kept.allowsDataLoss && !(await this.isDataLossAllowed()))
      return "it deletes data, and that is not allowed any more";
    return undefined;
  }

  /** Gives the reason where the plan turns out to be stale. */
  private async applyKept({ markdown, allowsDataLoss }: KeptReview): Promise<string | undefined> {
    const { number } = this.event;
    try {
      const deployment = await this.synthesize();
      await applyFrom(deployment, this.plans.planOf(number), { yes: true, allowDataLoss: allowsDataLoss });
      await this.report("**Applied.**", markdown);
    } catch (error) {
      if (error instanceof CommandError && error.exitCode === ExitCode.stalePlan)
        return error.message.replace(/; nothing was changed$/, "");
      await this.report("**Applying this failed**, and may have changed some of it.", markdown);
      await this.plans.discard(number);
      throw error;
    }
    await this.plans.discard(number);
    return undefined;
  }

  private async makeReview(state: string): Promise<boolean> {
    const { number } = this.event;
    try {
      const folder = this.plans.prepare(number);
      const deployment = await this.synthesize();
      const plan = await planInto(deployment, this.plans.planOf(number));
      const { markdown, allowsDataLoss, refused } = await this.readByReviewer(
        (allow) => this.reviewer(this.options.stack, plan, folder, allow),
        deployment.redaction,
      );
      await this.comment(refused ? this.refusal() : isEmpty(plan) ? "There is nothing to apply." : state, markdown);
      await summarizeRun(this.environment, markdown);
      if (refused)
        throw new DataLoss(
          "this plan deletes data, and nobody with write access has allowed that",
          `Add the label '${this.options.dataLossLabel}' to the pull request, if the data may go.`,
          ExitCode.dataAtRisk,
        );
      this.plans.keep(number, { tree: await treeOfCheckout(), markdown, allowsDataLoss });
      return isEmpty(plan);
    } catch (error) {
      await this.plans.discard(number);
      if (!(error instanceof DataLoss)) await this.reportNoPlan(error);
      throw error;
    }
  }

  private async readByReviewer(
    review: (allow: boolean) => ReturnType<Reviewer>,
    redaction: Redaction,
  ): Promise<{ markdown: string; allowsDataLoss: boolean; refused: boolean }> {
    const first = await review(false);
    const allowsDataLoss = first.refused && (await this.isDataLossAllowed());
    const { markdown, refused } = allowsDataLoss ? await review(true) : first;
    return { markdown: redaction.apply(markdown), allowsDataLoss, refused };
  }

  private async synthesize(): Promise<Deployment> {
    const deployment = await Deployment.synthesize(this.options.stack, withoutTokens(this.environment));
    const { GITHUB_WORKSPACE: workspace } = this.environment;
    const state = deployment.synthesized.stateFile;
    if (workspace && state !== undefined && isWithin(state, workspace))
      throw new CommandError(
        "the state would be in the checkout, which the next job empties",
        "Keep it elsewhere: StateBackend.remote(…), or StateBackend.local() with a path outside.",
      );
    return deployment;
  }

  private async isDataLossAllowed(): Promise<boolean> {
    const who = await this.github.labelledBy(this.event.number, this.options.dataLossLabel);
    return who !== undefined && (await this.github.canWrite(who));
  }

  private async revoke(): Promise<void> {
    const { number } = this.event;
    const { dataLossLabel: label } = this.options;
    if ((await this.github.labelledBy(number, label)) === undefined) return;
    await this.github.removeLabel(number, label);
    console.log(`The label '${label}' was for an earlier plan: it is off.`);
  }

  // an older merge, planned now, would take back what was merged after it.
  private async requireNewest(reason: string): Promise<void> {
    const { base, mergeCommit } = this.event;
    if ((await this.github.tipOf(base)) === mergeCommit) return;
    await this.report(`**Not applied**: ${reason}, and ${base} has moved on. The next merge's plan has it too.`);
    throw new CommandError(
      `not applied: ${reason}, and ${base} has moved on`,
      "The plan of the newest merge, or of the next pull request, has it too.",
      ExitCode.stalePlan,
    );
  }

  private refusal(): string {
    return `**This deletes data.** Merging does not apply it, unless somebody with write access adds the label \`${this.options.dataLossLabel}\`.`;
  }

  private async reportNoPlan(error: unknown): Promise<void> {
    const isExplained = error instanceof CommandError || (error instanceof Error && error.name === "ValidationError");
    const text = isExplained ? new Redaction(this.environment).apply(error.message) : "see the log";
    await this.report(
      `**There is no plan.** Merging applies nothing.`,
      `\`\`\`text\n${text.replaceAll("```", "'''")}\n\`\`\``,
    );
  }

  // what was done is done, whether GitHub hears of it or not.
  private async report(state: string, markdown?: string): Promise<void> {
    try {
      await this.comment(state, markdown);
    } catch (error) {
      console.error(`The comment was not written: ${(error as Error).message}`);
    }
  }

  private async comment(state: string, markdown?: string): Promise<void> {
    const { stack, author } = this.options;
    const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = this.environment;
    const page = `${server}/${repository}/actions/runs/${run}`;
    await this.github.putComment(this.event.number, author, markerOf(stack), commentOf(stack, state, markdown, page));
  }
}

class DataLoss extends CommandError {}

async function treeOfCheckout(): Promise<string> {
  const { execa } = await loadExeca();
  const { stdout } = await execa("git", ["rev-parse", "HEAD^{tree}"], { cwd: resolve(".") });
  return stdout;
}

async function summarizeRun({ GITHUB_STEP_SUMMARY: file }: Environment, markdown: string): Promise<void> {
  if (file) await appendFile(file, `${markdown}\n`);
}

// an app or a provider needs no rights at GitHub.
function withoutTokens(environment: Environment): Environment {
  return {
    ...environment,
    GITHUB_TOKEN: undefined,
    ACTIONS_RUNTIME_TOKEN: undefined,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: undefined,
  };
}
