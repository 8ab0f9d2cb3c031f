import { requireWord } from "../console/prompts";
import { render } from "../review/render/render";
import { reviewPlan } from "../review/findings/review-plan";
import { secretsOf } from "../review/secrets/secrets";
import { describePlan } from "../terraform/json/describe-plan";
import { isEmpty } from "../terraform/json/plan-actions";
import type { Plan } from "../terraform/json/plan-json";

/** What somebody types who agrees to a dangerous access. */
const WORD = "open";

/** Prints what a plan changes, and what it means for people, data and access. */
export function tellPlan(stack: string, plan: Plan): void {
  console.log(describePlan(stack, plan));
  if (isEmpty(plan)) return;
  const { people, data, access, effects, unread, ...review } = reviewPlan(plan, stack);
  const none = { services: [], jobs: [], downtime: undefined, order: [], drift: [], otherResources: [], notes: [] };
  const brief = { ...review, people, data, access, effects, unread, ...none };
  console.log(`\n${render(brief, "text", secretsOf(plan))}\n`);
}

/**
 * Asks for a word of its own before an access opens that is dangerous.
 *
 * @param yes whether `--yes` has answered.
 */
export async function agreeToAccess(stack: string, plan: Plan, yes: boolean): Promise<void> {
  const dangers = reviewPlan(plan, stack).access.filter(({ danger }) => danger).length;
  if (dangers > 0) await requireWord("A dangerous access opens, see DANGER above.", WORD, yes);
}
