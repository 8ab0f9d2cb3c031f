import { existsSync } from "node:fs";
import { notesOnImages } from "../../offline/image-notes";
import { CommandError } from "../console/command-error";
import { commandLine } from "../console/command-line";
import { Deployment } from "../deployment/deployment";
import { savePlan } from "../deployment/saved-plan";
import { tellPlan } from "../deployment/tell-plan";
import type { Plan } from "../terraform/json/plan-json";
import { runSteps } from "../console/tasks";

/** Options of `plan`. */
export interface PlanOptions {
  /** Id of the stack, if the app has several. */
  readonly stack?: string;

  /** File for the plan. It holds secrets. */
  readonly out: string;
}

/** Shows what `up` would change, and saves the plan for `apply`. */
export async function plan({ stack, out }: PlanOptions): Promise<void> {
  if (existsSync(out)) throw new CommandError(`${out} exists already`, "Name another file, or remove it.");
  let saved: { deployment: Deployment; plan: Plan } | undefined;
  await runSteps({
    title: "Planning",
    run: async () => {
      const deployment = await Deployment.synthesize(stack);
      saved = { deployment, plan: await savePlan(deployment, out) };
    },
  });
  if (!saved) return;
  tellPlan(saved.deployment.name, saved.plan);
  const notes = notesOnImages(saved.deployment.synthesized.images.map(({ name }) => name));
  if (notes.length > 0) console.log(`\n${notes.join("\n")}`);
  console.log(`\nThe plan holds secrets: let nobody else read it.\n  To apply it:  ${commandLine("apply", out)}`);
}
