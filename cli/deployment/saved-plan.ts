import { resolve } from "node:path";
import { requireYes } from "../console/prompts";
import { runStep } from "../console/tasks";
import { applyPlan } from "../terraform/apply-plan";
import { overrideForPodman } from "../terraform/podman-override";
import { guardPlan } from "../terraform/plan-guard";
import { isEmpty } from "../terraform/json/plan-actions";
import type { Plan } from "../terraform/json/plan-json";
import { configurationOf, readRecord, recordPlan, removePlan, requireFresh } from "../terraform/plan-record";
import type { Deployment } from "./deployment";
import { engineLookup } from "./engine-lookup";
import { waitUntilReady } from "./health";
import { leftoversOf, removeLeftovers } from "./leftovers";
import { fetchImages } from "./provide-images";
import { keepDatabaseImage, notesOnSwaps } from "./stand-ins";
import { agreeToAccess, tellPlan } from "./tell-plan";
import { requireFreePorts, requireHealthChecks, warnOfEngine } from "./host-checks";

/** Options for applying a saved plan. */
export interface ApplyOptions {
  /** Answers every question with yes. */
  readonly yes?: boolean;

  /** Applies a plan that deletes volumes, too. */
  readonly allowDataLoss?: boolean;

  /** Applies a plan that opens a dangerous access, too. */
  readonly allowAccess?: boolean;
}

/**
 * Plans a stack, and saves the plan with its record.
 *
 * A plan that removes volumes is saved, too: `review` shows that, and `apply` refuses it.
 *
 * @throws CommandError when planning fails, or the plan would use volumes or containers of another stack.
 */
export async function savePlan(deployment: Deployment, out: string): Promise<Plan> {
  const engine = await deployment.docker.info();
  warnOfEngine(deployment.synthesized, engine);
  const terraform = await deployment.requireTerraform();
  if (engine.isPodman) overrideForPodman(terraform.folder);
  const file = resolve(out);
  // Read before planning, so that whatever is applied in between makes the plan stale.
  const state = await terraform.state();
  return terraform.withPlan(state.rerunFailedJobs, async (saved) => {
    for (const warning of [...saved.warnings, ...notesOnSwaps(saved.plan)]) console.error(warning);
    const leftovers = await leftoversOf(deployment, state);
    await guardPlan(saved.plan, engineLookup(deployment.docker, leftovers), deployment.inFolder, { dataLoss: true });
    // Whole with its record or not at all, also if this is killed.
    await recordPlan(saved.file, file, deployment.name, state.version, configurationOf(terraform.folder));
    return saved.plan;
  });
}

/**
 * Applies a plan that `savePlan()` has saved, if nothing has changed since. Then removes it.
 *
 * @throws CommandError with exit status 3 when the plan is stale, with 2 when it deletes data,
 * with 4 when it opens a dangerous access, and that was not allowed; or when it gives a database an image that does not
 * start on its data.
 */
export async function applySavedPlan(
  deployment: Deployment,
  planFile: string,
  { yes = false, allowDataLoss = false, allowAccess = false }: ApplyOptions,
): Promise<void> {
  const file = resolve(planFile);
  const record = await readRecord(file);
  const engine = await deployment.docker.info();
  const terraform = await deployment.requireTerraform();
  const state = await terraform.state();
  requireFresh(record, configurationOf(terraform.folder), state.version);

  const saved = await terraform.read(file);
  const leftovers = await leftoversOf(deployment, state);
  await guardPlan(saved.plan, engineLookup(deployment.docker, leftovers), deployment.inFolder, {
    dataLoss: allowDataLoss,
  });
  keepDatabaseImage(saved.plan, process.env);
  tellPlan(deployment.name, saved.plan);
  if (isEmpty(saved.plan)) {
    await removeLeftovers(deployment, leftovers);
  } else {
    await requireFreePorts(deployment.synthesized, deployment.docker);
    await agreeToAccess(deployment.name, saved.plan, { yes, allowAccess });
    await requireYes("Apply this?", yes);
    await fetchImages(deployment, engine);
    await requireHealthChecks(deployment, engine);
    await removeLeftovers(deployment, leftovers);
    await applyPlan(terraform, saved, "Applying");
  }
  await removePlan(file);
  await runStep("Waiting until everything is healthy", ({ progress }) => waitUntilReady(deployment, progress));
}
