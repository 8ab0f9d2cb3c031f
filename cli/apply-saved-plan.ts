import { resolve } from "node:path";
import { applyPlan } from "./apply";
import { Deployment } from "./deployment";
import { engineLookup } from "./engine-lookup";
import { waitUntilReady } from "./health";
import { requireFreePorts } from "./host-checks";
import { describePlan, isEmpty } from "./plan";
import { guardPlan } from "./plan-guard";
import { requireYes } from "./questions";
import { configurationOf, readRecord, removePlan, requireFresh } from "./saved-plan";
import { runSteps } from "./tasks";

/** Options of `apply`. */
export interface ApplyOptions {
  /** Answers every question with yes. */
  readonly yes?: boolean;

  /** Applies a plan that deletes volumes, too. */
  readonly allowDataLoss?: boolean;
}

/** Applies a plan that `plan` has made, if it is still what would happen. Then removes it. */
export async function applySavedPlan(file: string, options: ApplyOptions): Promise<void> {
  const { stack } = await readRecord(file);
  const deployment = await Deployment.synthesize(stack);
  await applyFrom(deployment, file, options);
}

/**
 * As `applySavedPlan()`, for a stack that was synthesized already.
 *
 * @throws CommandError with exit status 3 when the plan is stale, with 2 when it deletes data and that was not allowed.
 */
export async function applyFrom(
  deployment: Deployment,
  planFile: string,
  { yes = false, allowDataLoss = false }: ApplyOptions,
): Promise<void> {
  const file = resolve(planFile);
  const record = await readRecord(file);
  await deployment.docker.info();
  const terraform = await deployment.requireTerraform();
  requireFresh(record, configurationOf(terraform.folder), (await terraform.state()).version);

  const saved = await terraform.read(file);
  await guardPlan(saved.plan, engineLookup(deployment.docker), deployment.inFolder, allowDataLoss);
  if (isEmpty(saved.plan)) {
    console.log("Nothing to change.");
  } else {
    await requireFreePorts(deployment.synthesized, deployment.docker);
    console.log(describePlan(deployment.name, saved.plan));
    await requireYes("Apply this?", yes);
    await applyPlan(terraform, saved, "Applying");
  }
  await removePlan(file);
  await runSteps({
    title: "Waiting until everything is healthy",
    run: ({ progress }) => waitUntilReady(deployment, progress),
  });
}
