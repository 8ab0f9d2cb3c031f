import { rm } from "node:fs/promises";
import { join } from "node:path";
import { offlineEnvironment, offlineTasks } from "../../offline";
import { isBuiltHere, notesOnImages } from "../../offline/image-notes";
import { CommandError } from "../console/command-error";
import { commandLine } from "../console/command-line";
import { Deployment } from "./deployment";
import type { EngineInfo } from "../docker/inspected";
import type { Docker } from "../docker/docker";
import { ImagePulls } from "../docker/image-pulls";
import { isAnyNew } from "../docker/images-built-here";
import { registryAnswers } from "../docker/registry-probe";
import { requireDiskSpace, DiskNeed } from "./host-checks";
import { requireYes } from "../console/prompts";
import { imagesToPull, isLocalOnly, registryOf } from "../docker/registries";
import type { SynthesizedStack } from "../app/synthesized-stack";
import { runSteps, runTasks } from "../console/tasks";
import type { StepDisplay } from "../console/tasks";

/** Permitted sources of images. */
export interface ImageSources {
  /** Build here without trying the registries. */
  readonly offline?: boolean;

  /** Never build here. */
  readonly online?: boolean;

  /** Answers the question whether to build here. */
  readonly yes: boolean;
}

/** Images to pull that the engine does not have. */
export async function missingImages(stack: SynthesizedStack, docker: Docker): Promise<string[]> {
  const missing = new Set<string>();
  for (const image of stack.images) {
    // An image that was built before is on the engine under its own name, and needs no base images.
    if (await docker.hasImage(image.name)) continue;
    for (const name of imagesToPull(image)) if (!(await docker.hasImage(name))) missing.add(name);
  }
  return [...missing];
}

/**
 * Gets the images of a stack onto the engine: from their registries, or built here if these do not answer.
 *
 * @param missing what `missingImages()` found.
 * @param engine there has to be room in its folder; its proxy leads to the registries.
 * @returns the deployment, synthesized again if it uses images that were built here.
 * @throws CommandError when an image cannot be had, or one built here would replace an official one by itself.
 */
export async function provideImages(
  deployment: Deployment,
  missing: string[],
  engine: EngineInfo,
  sources: ImageSources,
): Promise<Deployment> {
  const unreachable = sources.offline ? missing : await pullAll(deployment, missing, engine.proxy);
  if (sources.online) {
    if (unreachable.length === 0) return deployment;
    throw new CommandError(
      `these images cannot be pulled, and --online forbids building them here: ${unreachable.join(", ")}`,
    );
  }
  const { images } = deployment.synthesized;
  if (unreachable.length === 0 && !sources.offline && !images.some(({ name }) => isBuiltHere(name))) return deployment;
  return buildHere(deployment, unreachable, engine.rootFolder, sources);
}

/**
 * Gets the images of a stack onto the engine from their registries, before an apply stops anything.
 *
 * @throws CommandError when one cannot be had; nothing was changed then.
 */
export async function fetchImages(deployment: Deployment, { proxy }: EngineInfo): Promise<void> {
  const unreachable = await pullAll(deployment, await missingImages(deployment.synthesized, deployment.docker), proxy);
  if (unreachable.length > 0)
    throw new CommandError(`these images cannot be pulled: ${unreachable.join(", ")}; nothing was changed`);
}

async function pullAll(deployment: Deployment, names: string[], proxy: string | undefined): Promise<string[]> {
  const { docker, redaction, registryLogins } = deployment;
  const pulls = new ImagePulls({
    answers: (name) => registryAnswers(name, proxy),
    pull: (name, progress) =>
      registryLogins.withFolder(name, async (folder) => {
        const engine = folder === undefined ? docker : docker.withConfiguration(folder);
        const problem = await engine.pull(name, progress);
        return problem === undefined ? undefined : redaction.apply(problem);
      }),
  });
  const unreachable: string[] = [];
  await runSteps(
    names.map((name) => ({
      title: `Pulling ${name}`,
      run: async ({ progress, rename }: StepDisplay) => {
        if (await pulls.pull(name, progress)) return;
        rename(`${name}: ${registryOf(name)} cannot be reached`);
        unreachable.push(name);
      },
    })),
  );
  return unreachable;
}

async function buildHere(
  deployment: Deployment,
  unreachable: string[],
  rootFolder: string,
  { yes, offline }: ImageSources,
): Promise<Deployment> {
  const reasons = unreachable.length > 0 ? `${unreachable.join(", ")} cannot be pulled here.\n` : "";
  if (!offline) await keepOfficialImages(deployment, unreachable, reasons);
  const environment = { ...deployment.environment, ...offlineEnvironment(), ...chosenImages(deployment) };
  const local = await Deployment.synthesize(deployment.name, environment);
  try {
    await agreeToBuild(local, unreachable, rootFolder, reasons, yes);
  } catch (error) {
    // Else the next command would take these images for those in use.
    await rm(join(local.terraform.folder, "cdk.tf.json"), { force: true });
    throw error;
  }
  // Also when all are there: an image whose sources have changed is built again.
  await runTasks(offlineTasks({ only: ["images", "providers"] }));
  return local;
}

// The state can be read before the providers are there.
async function keepOfficialImages(deployment: Deployment, unreachable: string[], reasons: string): Promise<void> {
  const { name: stack, synthesized, terraform } = deployment;
  await deployment.openTerraform();
  const inState = (await terraform.state()).imageNames;
  const official = inState.filter((name) => !isBuiltHere(name) && !isLocalOnly(name));
  const images = synthesized.images.map(({ name }) => name);
  const isReplaced = unreachable.some((name) => !isLocalOnly(name)) || isAnyNew(inState, images, process.env);
  if (official.length === 0 || !isReplaced) return;
  throw new CommandError(
    `${reasons}Images built here replace the official ones of stack '${stack}' (${official.join(", ")}) only if you say so`,
    `Try again when the registries answer. To replace them all the same: ${commandLine("up", "--offline")}`,
  );
}

async function agreeToBuild(
  { synthesized, docker }: Deployment,
  unreachable: string[],
  rootFolder: string,
  reasons: string,
  yes: boolean,
): Promise<void> {
  const images = synthesized.images.map(({ name }) => name);
  const foreign = images.filter((name) => unreachable.includes(name) && !isBuiltHere(name));
  if (foreign.length > 0) {
    throw new CommandError(
      `${foreign.join(", ")} cannot be pulled, and the app takes no other in its place`,
      "Load it into the engine (docker load), or let the app take its image from the environment as main.ts does.",
    );
  }
  if ((await missingImages(synthesized, docker)).length === 0) return;
  await requireDiskSpace(docker, rootFolder, DiskNeed.building);
  console.log(
    `${reasons}To be built from package registries instead, once, in about ten minutes.\n${notesOnImages(images).join("\n")}`,
  );
  await requireYes("Build them here?", yes);
}

// An image that the user names is used.
function chosenImages({ environment }: Deployment): { [name: string]: string } {
  const names = Object.keys(offlineEnvironment()).filter((name) => name.endsWith("_IMAGE") && environment[name]);
  return Object.fromEntries(names.map((name) => [name, environment[name] ?? ""]));
}
