import { Run } from "../run/command-run";
import { changesOf } from "./json/plan-actions";
import type { Plan } from "./json/plan-json";
import { runStep } from "../console/tasks";
import type { SavedPlan, Terraform } from "./terraform";
import { UnderWay, finishedStep } from "./terraform-messages";

/** Applies a plan as one step of the command. A terminal shows the operations that run, a log those that have ended. */
export async function applyPlan(terraform: Terraform, { file, plan }: SavedPlan, title: string): Promise<void> {
  Run.current.beginApply(terraform.folder, createdNames(plan));
  const warnings = await runStep(title, ({ progress, rename }) => {
    const underWay = new UnderWay();
    const total = changesOf(plan).length;
    let done = 0;
    return terraform.apply(file, (message) => {
      underWay.note(message);
      const finished = finishedStep(message);
      if (finished) done += 1;
      if (!process.stdout.isTTY) return finished && progress(finished);
      rename(`${title}: ${done} of ${total}`);
      progress(underWay.toString());
    });
  });
  Run.current.endApply(terraform.folder);
  for (const warning of warnings) console.error(warning);
}

function createdNames(plan: Plan): string[] {
  return changesOf(plan)
    .filter(({ type, change }) => /^docker_(container|network)$/.test(type) && change.actions.includes("create"))
    .map(({ change }) => String(change.after?.name));
}
