import { existsSync } from "node:fs";
import { CommandError } from "../console/command-error";
import { commandLine } from "../console/command-line";
import { Deployment } from "../deployment/deployment";
import { planInto } from "../deployment/saved-plan";
import { describePlan, isEmpty } from "../terraform/plan-json";
import type { Plan } from "../terraform/plan-json";
import { runSteps } from "../console/tasks";

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
