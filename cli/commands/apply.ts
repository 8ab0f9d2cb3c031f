import { Deployment } from "../deployment/deployment";
import { applyFrom } from "../deployment/saved-plan";
import type { ApplyOptions } from "../deployment/saved-plan";
import { readRecord } from "../terraform/plan-record";

/** Applies a plan that `plan` has made, if it is still what would happen. Then removes it. */
export async function applySavedPlan(file: string, options: ApplyOptions): Promise<void> {
  const { stack } = await readRecord(file);
  const deployment = await Deployment.synthesize(stack);
  await applyFrom(deployment, file, options);
}
