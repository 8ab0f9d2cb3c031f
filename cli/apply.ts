import { runSteps } from "./tasks";
import type { Terraform } from "./terraform";
import { UnderWay, finishedStep } from "./terraform-messages";

/** Applies a plan as one step of the command: a terminal shows what goes on, a log gets what is done. */
export async function applyPlan(terraform: Terraform, file: string, title: string): Promise<void> {
  await runSteps({
    title,
    run: async ({ progress }) => {
      const underWay = new UnderWay();
      await terraform.apply(file, (message) => {
        underWay.note(message);
        const finished = finishedStep(message);
        if (process.stdout.isTTY) progress(underWay.toString());
        else if (finished) progress(finished);
      });
    },
  });
}
