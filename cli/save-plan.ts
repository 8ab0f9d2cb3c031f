import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { CommandError } from "./command-error";
import { commandLine } from "./command-line";
import { Deployment } from "./deployment";
import { engineLookup } from "./engine-lookup";
import { warnOfEngine } from "./host-checks";
import { describePlan, isEmpty } from "./plan";
import type { Plan } from "./plan";
import { guardPlan } from "./plan-guard";
import { configurationOf, recordPlan, removePlan } from "./saved-plan";
import { runSteps } from "./tasks";

/** Options of `plan`. */
export interface SavePlanOptions {
  /** Id of the stack, where the app has several. */
  readonly stack?: string;

  /** File for the plan. It holds secrets. */
  readonly out: string;
}

/** Says what `up` would change, and keeps that for `apply`. */
export async function savePlan({ stack, out }: SavePlanOptions): Promise<void> {
  if (existsSync(out)) throw new CommandError(`${out} is there already`, "Name another file, or remove it.");
  let made: { deployment: Deployment; plan: Plan } | undefined;
  await runSteps({
    title: "Planning",
    run: async () => {
      const deployment = await Deployment.synthesize(stack);
      made = { deployment, plan: await planInto(deployment, out) };
    },
  });
  if (!made) return;
  console.log(isEmpty(made.plan) ? "Nothing to change." : describePlan(made.deployment.name, made.plan));
  console.log(`\nThe plan holds secrets: it is for you alone.\n  To apply it:  ${commandLine("apply", out)}`);
}

/**
 * Plans a stack, and saves the plan with its record.
 *
 * Volumes that it removes are no reason to refuse it: that is for the review, and for `apply`.
 *
 * @throws CommandError when there is no plan, or it would meet what belongs to others.
 */
export async function planInto(deployment: Deployment, out: string): Promise<Plan> {
  warnOfEngine(deployment.synthesized, await deployment.docker.info());
  const terraform = await deployment.requireTerraform();
  const file = resolve(out);
  // before the plan: what is applied in between makes it stale.
  const state = await terraform.state();
  try {
    const { plan } = await terraform.plan(file, state.rerunFailedJobs);
    await guardPlan(plan, engineLookup(deployment.docker), deployment.inFolder, true);
    await recordPlan(file, deployment.name, state.version, configurationOf(terraform.folder));
    return plan;
  } catch (error) {
    await removePlan(file);
    throw error;
  }
}
