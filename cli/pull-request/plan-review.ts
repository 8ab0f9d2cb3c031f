import { isDangerous } from "../review/model/access-change";
import { reviewPlan } from "../review/findings/review-plan";
import { render } from "../review/render/render";
import { secretsOf } from "../review/secrets/secrets";
import type { Plan } from "../terraform/json/plan-json";
import type { Risk } from "./labels";

/** The review of a plan. */
export interface PlanReview {
  readonly markdown: string;

  /** What somebody must allow by a label. */
  readonly risks: readonly Risk[];
}

/** Reviews a plan of a stack. */
export type Reviewer = (stack: string, plan: Plan) => PlanReview;

/** Reviews a plan as `mlflow-stack review` does. */
export const reviewForComment: Reviewer = (stack, plan) => {
  const review = reviewPlan(plan, stack);
  return {
    markdown: render(review, "markdown", secretsOf(plan)),
    risks: [
      ...(review.dataLoss ? (["dataLoss"] as const) : []),
      ...(isDangerous(review) ? (["dangerousAccess"] as const) : []),
    ],
  };
};
