import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ImageName } from "../../lib/values/image-name";
import { offlineEnvironment } from "../../offline";
import { isBuiltHere } from "../../offline/image-notes";
import type { Environment } from "../app/environment";
import { SynthesizedStack } from "../app/synthesized-stack";

/**
 * The images built on this machine for the services that used one when the app's stacks were last synthesized. So
 * `verify` or a second `up` changes no image by itself, and an image whose sources have changed is built here again.
 *
 * @param output folder that the app writes to.
 * @param environment the environment of the command; an image that the user names there has priority.
 * @returns variables for the environment of the app.
 */
export function imagesBuiltHere(output: string, environment: Environment): { [name: string]: string } {
  const stacks = join(output, "stacks");
  const folders = existsSync(stacks) ? readdirSync(stacks).map((name) => join(stacks, name)) : [];
  const inUse = folders
    .filter((folder) => existsSync(join(folder, "cdk.tf.json")))
    .flatMap((folder) => SynthesizedStack.read(folder).images.map(({ name }) => repository(name)));
  return Object.fromEntries(
    Object.entries(offlineEnvironment()).filter(
      ([name, image]) => name.endsWith("_IMAGE") && !environment[name] && inUse.includes(repository(image)),
    ),
  );
}

/**
 * Whether a stack would get an image built here of which its state has none, and that the user does not name.
 *
 * @param inState names of the images in the stack's state.
 * @param images names of the images that it would get.
 * @param environment the environment of the command.
 */
export function isAnyNew(inState: string[], images: string[], environment: Environment): boolean {
  const known = new Set(inState.map(repository));
  const chosen = Object.values(environment);
  return images.some((name) => isBuiltHere(name) && !known.has(repository(name)) && !chosen.includes(name));
}

// Without the tag, which changes with the sources of the image.
function repository(image: string): string {
  return new ImageName(image).repository;
}
