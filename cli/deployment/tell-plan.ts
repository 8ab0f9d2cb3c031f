import { CommandError, ExitCode } from "../console/command-error";
import { isWordTyped } from "../console/prompts";
import { render } from "../review/render/render";
import { reviewPlan } from "../review/findings/review-plan";
import { isDangerous } from "../review/model/access-change";
import { secretsOf } from "../review/secrets/secrets";
import { describePlan } from "../terraform/json/describe-plan";
import { isEmpty } from "../terraform/json/plan-actions";
import type { Plan } from "../terraform/json/plan-json";

/** What somebody types who agrees to a dangerous access. */
const WORD = "open";

/** Prints what a plan changes, and what it means for people, data, access and the time that users wait. */
export function tellPlan(stack: string, plan: Plan): void {
  console.log(describePlan(stack, plan));
  if (isEmpty(plan)) return;
  // What `describePlan()` has told is left out.
  const none = { services: [], jobs: [], order: [], drift: [], otherResources: [], notes: [] };
  const brief = { ...reviewPlan(plan, stack), ...none };
  console.log(`\n${render(brief, "text", secretsOf(plan))}\n`);
}

/** The answers that options of a command give. */
export interface AccessAnswers {
  /** `--yes`, which does not agree to a dangerous access. */
  readonly yes: boolean;

  /** `--allow-access`, which does. */
  readonly allowAccess: boolean;
}

/**
 * Goes on only if no dangerous access opens, or somebody agrees to it: by an option, or by a word typed at a terminal.
 *
 * @throws CommandError with exit status 4.
 */
export async function agreeToAccess(stack: string, plan: Plan, { yes, allowAccess }: AccessAnswers): Promise<void> {
  if (allowAccess || !isDangerous(reviewPlan(plan, stack))) return;
  if (!yes && (await isWordTyped("A dangerous access opens, see DANGER above.", WORD))) return;
  throw new CommandError(
    "a dangerous access would open, see DANGER above; nothing was changed",
    "If it shall open: --allow-access. The option --yes does not agree to it.",
    ExitCode.dangerousAccess,
  );
}
