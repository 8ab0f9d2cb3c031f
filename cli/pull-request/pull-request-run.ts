import { appendFile } from "node:fs/promises";
import { CommandError, ExitCode } from "../console/command-error";
import { Deployment } from "../deployment/deployment";
import { withoutTokens } from "../app/environment";
import { Redaction } from "../app/redaction";
import type { Environment } from "../app/environment";
import { isEmpty } from "../terraform/json/plan-actions";
import { loadExeca } from "../console/es-modules";
import { applySavedPlan, savePlan } from "../deployment/saved-plan";
import { commentOf, markerOf } from "./comment";
import type { PullRequestEvent } from "./event";
import type { GitHub } from "./github";
import { isWithin } from "./kept-plans";
import { Labels, RiskRefused, does } from "./labels";
import type { KeptPlans, KeptReview } from "./kept-plans";
import type { Reviewer } from "./plan-review";

/** Settings of a job, whatever its event. */
export interface PullRequestSettings {
  /** Id of the stack. */
  readonly stack: string;

  /** Label by which somebody with write access allows a plan to delete data. */
  readonly dataLossLabel: string;

  /** Label by which somebody with write access allows a plan to open a dangerous access. */
  readonly accessLabel: string;

  /** Login of the token's user, who writes the comment. */
  readonly author: string;
}

/** A job for one event of a pull request. */
export class PullRequestRun {
  readonly #labels: Labels;

  constructor(
    private readonly event: PullRequestEvent,
    private readonly options: PullRequestSettings,
    private readonly github: GitHub,
    private readonly plans: KeptPlans,
    private readonly reviewer: Reviewer,
    private readonly environment: Environment,
  ) {
    const { dataLossLabel: dataLoss, accessLabel: dangerousAccess } = options;
    this.#labels = new Labels(github, event.number, { dataLoss, dangerousAccess });
  }

  /** Plans, comments, and keeps the plan for the merge. */
  public async review(): Promise<void> {
    // A job that waited in a queue, or is run again, must not comment on an old commit.
    if ((await this.github.headOf(this.event.number)) !== this.event.head)
      return console.log("The pull request was pushed to, merged or closed since: nothing to do.");
    await this.plans.discard(this.event.number);
    // The person who allowed a risk has not seen the plan of this push, or of one before the pull request was reopened.
    if (this.event.mayHaveNewCommits) await this.#labels.revoke();
    await this.makeReview(`Merging applies this plan, made of ${this.event.head}.`);
  }

  /** Applies the plan that was reviewed. If it cannot be applied, plans and reviews again. */
  public async apply(): Promise<void> {
    const kept = this.plans.read(this.event.number);
    const reason = (await this.whyNot(kept)) ?? (kept && (await this.applyKept(kept)));
    if (reason === undefined) return;

    await this.plans.discard(this.event.number);
    await this.requireNewest(reason);
    if (kept && kept.allowed.length > 0) await this.#labels.revoke();
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
    if (!kept) return "there is no reviewed plan of it";
    if (kept.tree !== (await treeOfCheckout())) return "the merged commit has other content than the planned one";
    const refused = await this.#labels.refused(kept.allowed);
    return refused.length > 0 ? `it ${does(refused)}, and that is no longer allowed` : undefined;
  }

  /** Returns the reason if the plan is stale. */
  private async applyKept({ markdown, allowed }: KeptReview): Promise<string | undefined> {
    const { number } = this.event;
    try {
      const deployment = await this.synthesize();
      await applySavedPlan(deployment, this.plans.planOf(number), {
        yes: true,
        allowDataLoss: allowed.includes("dataLoss"),
        allowAccess: allowed.includes("dangerousAccess"),
      });
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
      const tree = await treeOfCheckout();
      this.plans.prepare(number);
      const deployment = await this.synthesize();
      const plan = await savePlan(deployment, this.plans.planOf(number));
      const review = this.reviewer(this.options.stack, plan);
      const markdown = deployment.redaction.apply(review.markdown);
      const refused = await this.#labels.refused(review.risks);
      const planned = isEmpty(plan) ? "There is nothing to apply." : state;
      await this.comment(refused.length > 0 ? this.#labels.comment(refused) : planned, markdown);
      await summarizeRun(this.environment, markdown);
      if (refused.length > 0) throw this.#labels.error(refused);
      this.plans.keep(number, { tree, markdown, allowed: review.risks });
      return isEmpty(plan);
    } catch (error) {
      await this.plans.discard(number);
      if (!(error instanceof RiskRefused)) await this.reportNoPlan(error);
      throw error;
    }
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

  // A plan of an older merge, made now, would undo what was merged after it.
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

  private async reportNoPlan(error: unknown): Promise<void> {
    const isExplained = error instanceof CommandError;
    const lines = isExplained ? [error.message, ...(error.remedy ? ["", error.remedy] : [])] : ["See the log."];
    const text = Redaction.ofEnvironment(this.environment).apply(lines.join("\n")).replaceAll("```", "'''");
    await this.report("**There is no plan.** Merging applies nothing.", `\`\`\`text\n${text}\n\`\`\``);
  }

  // A comment that fails must not hide the result of the job.
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
    console.log(`Comment: ${state}`);
    const page = `${server}/${repository}/actions/runs/${run}`;
    await this.github.putComment(this.event.number, author, markerOf(stack), commentOf(stack, state, markdown, page));
  }
}

async function treeOfCheckout(): Promise<string> {
  const { execa } = await loadExeca();
  const { exitCode, stdout, stderr } = await execa("git", ["rev-parse", "HEAD^{tree}"], { reject: false });
  if (exitCode !== 0) throw new CommandError(`Git does not tell what is checked out: ${stderr || "is it installed?"}`);
  return stdout;
}

async function summarizeRun({ GITHUB_STEP_SUMMARY: file }: Environment, markdown: string): Promise<void> {
  if (file) await appendFile(file, `${markdown}\n`);
}
