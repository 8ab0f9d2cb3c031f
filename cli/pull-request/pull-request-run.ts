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
import type { KeptPlans, KeptReview } from "./kept-plans";
import type { Reviewer } from "./review-plan";

/** Settings of a job, whatever its event. */
export interface PullRequestSettings {
  /** Id of the stack. */
  readonly stack: string;

  /** Label by which somebody with write access allows a plan to delete data. */
  readonly dataLossLabel: string;

  /** Login of the token's user, who writes the comment. */
  readonly author: string;
}

/** A job for one event of a pull request. */
export class PullRequestRun {
  constructor(
    private readonly event: PullRequestEvent,
    private readonly options: PullRequestSettings,
    private readonly github: GitHub,
    private readonly plans: KeptPlans,
    private readonly reviewer: Reviewer,
    private readonly environment: Environment,
  ) {}

  /** Plans, comments, and keeps the plan for the merge. */
  public async review(): Promise<void> {
    // A job that waited in a queue, or is run again, must not comment on an old commit.
    if ((await this.github.headOf(this.event.number)) !== this.event.head)
      return console.log("The pull request was pushed to, merged or closed since: nothing to do.");
    await this.plans.discard(this.event.number);
    // The person who allowed the deletion of data has not seen the plan of this push.
    if (this.event.action === "synchronize") await this.revoke();
    await this.makeReview(`Merging applies this plan, made of ${this.event.head}.`);
  }

  /** Applies the plan that was reviewed. If it cannot be applied, plans and reviews again. */
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
    if (!kept) return "there is no reviewed plan of it";
    if (kept.tree !== (await treeOfCheckout())) return "the merged commit has other content than the planned one";
    if (kept.allowsDataLoss && !(await this.isDataLossAllowed()))
      return "it deletes data, and that is no longer allowed";
    return undefined;
  }

  /** Returns the reason if the plan is stale. */
  private async applyKept({ markdown, allowsDataLoss }: KeptReview): Promise<string | undefined> {
    const { number } = this.event;
    try {
      const deployment = await this.synthesize();
      await applySavedPlan(deployment, this.plans.planOf(number), { yes: true, allowDataLoss: allowsDataLoss });
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
      const folder = this.plans.prepare(number);
      const deployment = await this.synthesize();
      const plan = await savePlan(deployment, this.plans.planOf(number));
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
      this.plans.keep(number, { tree, markdown, allowsDataLoss });
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
    console.log(`The label '${label}' was for an earlier plan: it was removed.`);
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

  private refusal(): string {
    return `**This deletes data.** Merging does not apply it, unless somebody with write access adds the label \`${this.options.dataLossLabel}\`.`;
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

class DataLoss extends CommandError {}

async function treeOfCheckout(): Promise<string> {
  const { execa } = await loadExeca();
  const { exitCode, stdout, stderr } = await execa("git", ["rev-parse", "HEAD^{tree}"], { reject: false });
  if (exitCode !== 0) throw new CommandError(`Git does not tell what is checked out: ${stderr || "is it installed?"}`);
  return stdout;
}

async function summarizeRun({ GITHUB_STEP_SUMMARY: file }: Environment, markdown: string): Promise<void> {
  if (file) await appendFile(file, `${markdown}\n`);
}
