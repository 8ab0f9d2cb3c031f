import { offlineEnvironment, offlineTasks } from "../../offline";
import { CommandError } from "../console/command-error";
import { Deployment } from "./deployment";
import type { Docker } from "../docker/docker";
import { requireDiskSpace, DiskNeed } from "./host-checks";
import { requireYes } from "../console/prompts";
import { imagesToPull, isLocalOnly, isUnreachable, registryOf } from "../docker/registries";
import type { SynthesizedStack } from "../app/synthesized-stack";
import { runSteps, runTasks } from "../console/tasks";

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
 * Gets the images of a stack onto the engine: from their registries, or built here where these cannot be reached.
 *
 * @param missing what `missingImages()` found.
 * @param rootFolder folder of the engine, in which there has to be room.
 * @returns the deployment, synthesized again where it uses images that were built here.
 */
export async function provideImages(
  deployment: Deployment,
  missing: string[],
  rootFolder: string,
  sources: ImageSources,
): Promise<Deployment> {
  const unreachable = sources.offline ? missing : await pullAll(deployment, missing);
  if (sources.online) {
    if (unreachable.length === 0) return deployment;
    throw new CommandError(
      `these images cannot be pulled, and --online forbids building them here: ${unreachable.join(", ")}`,
    );
  }
  if (unreachable.length === 0 && !sources.offline && !usesImagesBuiltHere(deployment)) return deployment;
  return buildHere(deployment, unreachable, rootFolder, sources);
}

async function pullAll({ docker, redaction }: Deployment, names: string[]): Promise<string[]> {
  const unreachable: string[] = [];
  const unreachableRegistries = new Set<string>();
  await runSteps(
    names.map((name) => ({
      title: `Pulling ${name}`,
      skip: () =>
        unreachableRegistries.has(registryOf(name)) &&
        (unreachable.push(name), `${registryOf(name)} cannot be reached`),
      run: async ({ progress, rename }: { progress(line: string): void; rename(title: string): void }) => {
        const problem = isLocalOnly(name) ? "dial tcp" : await docker.pull(name, progress);
        if (problem === undefined) return;
        if (!isUnreachable(problem)) throw new CommandError(`${name} cannot be pulled: ${redaction.apply(problem)}`);
        rename(`${name}: ${registryOf(name)} cannot be reached`);
        unreachableRegistries.add(registryOf(name));
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
  { yes }: ImageSources,
): Promise<Deployment> {
  const environment = { ...deployment.environment, ...offlineEnvironment(), ...chosenImages(deployment) };
  const local = await Deployment.synthesize(deployment.name, environment);
  const reasons = unreachable.length > 0 ? `${unreachable.join(", ")} cannot be pulled here.\n` : "";
  const images = local.synthesized.images.map(({ name }) => name);
  const foreign = images.filter((name) => unreachable.includes(name));
  if (foreign.length > 0) {
    throw new CommandError(
      `${foreign.join(", ")} cannot be pulled, and the app takes no other in its place`,
      "Load it into the engine (docker load), or let the app take its image from the environment as main.ts does.",
    );
  }
  if ((await missingImages(local.synthesized, local.docker)).length > 0) {
    await requireDiskSpace(local.docker, rootFolder, DiskNeed.building);
    console.log(
      `${reasons}To be built from package registries instead, once, in about ten minutes:\n  ${images.join("\n  ")}`,
    );
    await requireYes("Build them here?", yes);
  }
  // Also when all are there: an image whose sources have changed is built again.
  await runTasks(offlineTasks({ only: ["images", "providers"] }));
  return local;
}

function usesImagesBuiltHere({ synthesized }: Deployment): boolean {
  const builtHere = Object.values(offlineEnvironment());
  return synthesized.images.some(({ name }) => builtHere.includes(name));
}

// An image that the user names is used.
function chosenImages({ environment }: Deployment): { [name: string]: string } {
  const names = Object.keys(offlineEnvironment()).filter((name) => name.endsWith("_IMAGE") && environment[name]);
  return Object.fromEntries(names.map((name) => [name, environment[name] ?? ""]));
}
