import { existsSync } from "node:fs";
import { notesOnImages } from "../../offline/image-notes";
import { NO_BACKUP } from "../backup/backup-state";
import { knownDumps, tellDumps } from "../backup/dumps";
import { CommandError } from "../console/command-error";
import { commandLine } from "../console/command-line";
import { Deployment } from "../deployment/deployment";
import { savePlan } from "../deployment/saved-plan";
import { tellPlan } from "../deployment/tell-plan";
import { runStep } from "../console/tasks";

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
  const { deployment, saved } = await runStep("Planning", async () => {
    const synthesized = await Deployment.synthesize(stack);
    return { deployment: synthesized, saved: await savePlan(synthesized, out) };
  });
  tellPlan(deployment.name, saved);
  const { images, backups } = deployment.synthesized;
  const notes = [
    ...notesOnImages(images.map(({ name }) => name)),
    ...(backups.length === 0 ? [NO_BACKUP] : []),
    ...tellDumps(await knownDumps(deployment)),
  ];
  if (notes.length > 0) console.log(`\n${notes.join("\n")}`);
  console.log(`\nThe plan holds secrets: let nobody else read it.\n  To apply it:  ${commandLine("apply", out)}`);
}
