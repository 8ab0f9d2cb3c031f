import { Deployment } from "../deployment/deployment";
import { applySavedPlan } from "../deployment/saved-plan";
import type { ApplyOptions } from "../deployment/saved-plan";
import { readRecord } from "../terraform/plan-record";

/** Applies a plan that the command `plan` saved, if nothing has changed since; then deletes the plan. */
export async function apply(file: string, options: ApplyOptions): Promise<void> {
  const { stack } = await readRecord(file);
  const deployment = await Deployment.synthesize(stack);
  await applySavedPlan(deployment, file, options);
}
