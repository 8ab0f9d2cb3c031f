import type { DumpRecord } from "../../lib/contract/dumps";
import { fromText, knownDumps, selectDump } from "../backup/dumps";
import { imageOf, rollbackSteps } from "../backup/rollback-steps";
import { agoText, sizeText, timeText } from "../console/amounts";
import { CommandError } from "../console/command-error";
import { commandLine } from "../console/command-line";
import { requireYes } from "../console/prompts";
import { runStep, runSteps } from "../console/tasks";
import { Deployment } from "../deployment/deployment";
import { engineLookup } from "../deployment/engine-lookup";
import { waitUntilReady } from "../deployment/health";
import { leftoversOf, removeLeftovers } from "../deployment/leftovers";
import { fetchImages } from "../deployment/provide-images";
import { keepDatabaseImage } from "../deployment/stand-ins";
import { agreeToAccess } from "../deployment/tell-plan";
import type { Docker } from "../docker/docker";
import { applyPlan } from "../terraform/apply-plan";
import { describePlan } from "../terraform/json/describe-plan";
import { isEmpty } from "../terraform/json/plan-actions";
import { guardPlan } from "../terraform/plan-guard";
import { overrideForPodman } from "../terraform/podman-override";

/** The variable by which an app may take MLflow's image from the environment. */
const VARIABLE = "MLFLOW_IMAGE";

/** Options of `rollback`. */
export interface RollbackOptions {
  /** Id of the stack, if the app has several. */
  readonly stack?: string;

  /** Number of the dump; the last one by default. */
  readonly dump?: string;

  /** Answers every question with yes. */
  readonly yes?: boolean;
}

/**
 * Goes back to the MLflow and the database of before a migration: restores the dump that was made then, and deploys the
 * image of then. A rollback that was interrupted is finished.
 *
 * @throws CommandError when there is no dump, or the app does not take the image of then; nothing was changed then.
 */
export async function rollback({ stack, dump: wanted, yes = false }: RollbackOptions): Promise<void> {
  const now = await Deployment.synthesize(stack);
  const engine = await now.docker.info();
  if (now.synthesized.dumpJobs.length > 1) {
    throw new CommandError("this app has several MLflow servers, and a rollback is of one", "See docs/data.md.");
  }
  const known = await knownDumps(now);
  if (!known) throw new CommandError(`stack '${now.name}' has made no dump yet`, `Begin with: ${commandLine("up")}`);
  const dump = selectDump(known, wanted);
  const image = await chosenImage(now, dump);
  const deployment = await withImage(now, image);
  const isInCode = await hasImage(now, image);
  await fetchImages(deployment, engine);

  const { name, docker, inFolder } = deployment;
  const terraform = await deployment.requireTerraform();
  if (engine.isPodman) overrideForPodman(terraform.folder);
  const state = await terraform.state();
  await terraform.withPlan(state.rerunFailedJobs, async (saved) => {
    const { plan } = saved;
    const leftovers = await leftoversOf(deployment, state);
    await guardPlan(plan, engineLookup(docker, leftovers), inFolder);
    keepDatabaseImage(plan, process.env);
    console.log([describePlan(name, plan), "", ...consequences(name, dump, image)].join("\n"));
    await agreeToAccess(name, plan, { yes, allowAccess: false });
    await requireYes("Go back?", yes);

    await runSteps(rollbackSteps(now, known.job, dump));
    await removeLeftovers(deployment, leftovers);
    if (!isEmpty(plan)) await applyPlan(terraform, saved, "Deploying the MLflow of then");
    for (const { Id } of await docker.containers(deployment.synthesized.servers)) await docker.setRunning(Id, true);
  });
  await runStep("Waiting until everything is healthy", ({ progress }) => waitUntilReady(deployment, progress));
  console.log(`\nStack '${name}' is back on ${fromText(dump)}, with the database of ${timeText(dump.time)}.`);
  if (!isInCode) {
    console.log(
      `Keep this setting from now on: ${VARIABLE}=${image}\nWithout it, the next '${commandLine("up")}' goes to ${dump.to.image} again, and migrates the database.`,
    );
  }
}

function consequences(name: string, dump: DumpRecord, image: string): string[] {
  return [
    `Stack '${name}' goes back to ${fromText(dump)}, the image ${image},`,
    `and to the dump ${dump.id} of ${timeText(dump.time)} (${agoText(dump.time)}, ${sizeText(dump.bytes)}), which was made before ${dump.to.image}.`,
    "What was logged after that time is lost: runs, metrics, models and all else in the database. Files in the bucket stay.",
    "The server is stopped meanwhile.",
  ];
}

/** @throws CommandError when the dump does not tell which image it is of, and the user names none. */
async function chosenImage(now: Deployment, dump: DumpRecord): Promise<string> {
  if (dump.from.id !== "") return imageOf(now.docker, dump);
  const [image] = now.synthesized.serverImages;
  if (image !== undefined && !(await isSame(now.docker, image, dump.to.id))) return image;
  throw new CommandError(
    `the dump ${dump.id} does not tell which MLflow it is of, because no earlier job of this stack has noted it`,
    `Name the image that ran before, as ${VARIABLE} or in the code, then repeat this. It must be able to read the schema ${dump.revision}.`,
  );
}

/** The same stack with an image of MLflow, if the app takes it from the environment or names it. */
async function withImage(now: Deployment, image: string): Promise<Deployment> {
  if (await hasImage(now, image)) return now;
  const deployment = await Deployment.synthesize(now.name, { ...process.env, [VARIABLE]: image });
  if (await hasImage(deployment, image)) return deployment;
  throw new CommandError(
    `the app does not take MLflow's image from ${VARIABLE}, and names ${now.synthesized.serverImages.join(", ")}; nothing was changed`,
    `Write this into the options of the server, then repeat this: image: ServiceImage.registry("${image}")`,
  );
}

async function hasImage({ docker, synthesized }: Deployment, image: string): Promise<boolean> {
  const [first] = synthesized.serverImages;
  return first !== undefined && (first === image || isSame(docker, first, image));
}

async function isSame(docker: Docker, one: string, other: string): Promise<boolean> {
  const id = await docker.imageId(one);
  return id !== undefined && id === (await docker.imageId(other));
}
