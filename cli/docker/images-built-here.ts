import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ImageName } from "../../lib/values/image-name";
import { offlineEnvironment } from "../../offline";
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

// Without the tag, which changes with the sources of the image.
function repository(image: string): string {
  return new ImageName(image).repository;
}
