import { existsSync } from "node:fs";
import { DockerProvider } from "@cdktf/provider-docker/lib/provider";
import { RandomProvider } from "@cdktf/provider-random/lib/provider";
import { TerraformStack, Testing } from "cdktf";
import { ContainerNetwork, MlflowStack } from "../../../lib";
import type { MlflowStackProps } from "../../../lib";
import { AUTHORITIES_FILE } from "../../../lib/contract/dumps";
import { packagePath } from "../../../lib/values/package-folder";

/** The synthesized JSON of a stack; only as typed as assertions on it need. */
export interface Synthesized {
  readonly resource: { readonly [type: string]: { readonly [name: string]: SynthesizedResource } };
  readonly output?: { readonly [name: string]: { readonly value: unknown; readonly sensitive?: boolean } };
  readonly variable?: { readonly [name: string]: { readonly sensitive?: boolean; readonly validation?: unknown[] } };
  readonly terraform: { readonly [name: string]: unknown };
  readonly provider: { readonly [name: string]: unknown[] };
}

/** One resource in the synthesized JSON. */
export interface SynthesizedResource {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the JSON of foreign resources has no type
  readonly [attribute: string]: any;
}

/** A stack with the providers and the network that every construct needs. */
export function testStack(id = "test") {
  const stack = new TerraformStack(Testing.app(), id);
  new DockerProvider(stack, "docker");
  new RandomProvider(stack, "random");
  return { stack, network: new ContainerNetwork(stack, "network") };
}

/** A whole platform. */
export function mlflowStack(props: MlflowStackProps = {}, id = "mlflow") {
  return new MlflowStack(Testing.app(), id, props);
}

/** The synthesized JSON, after the validations that `cdktf synth` would run. */
export function synth(stack: TerraformStack): Synthesized {
  return JSON.parse(Testing.synth(stack, true));
}

/** One container of a synthesized stack. */
export function container(stack: TerraformStack, name: string): SynthesizedResource {
  const found = synth(stack).resource.docker_container?.[name];
  if (!found) throw new Error(`no docker_container.${name} in ${addresses(stack).join(", ")}`);
  return found;
}

/** The content of an uploaded file of a container. */
export function file(stack: TerraformStack, name: string, path: string): string {
  const upload = container(stack, name).upload.find(({ file }: { file: string }) => file === path);
  if (!upload) throw new Error(`no ${path} in docker_container.${name}`);
  return upload.content;
}

/** The environment of a container. */
export function environment(stack: TerraformStack, name: string): { [name: string]: string } {
  return Object.fromEntries(
    container(stack, name).env.map((entry: string) => [
      entry.slice(0, entry.indexOf("=")),
      entry.slice(entry.indexOf("=") + 1),
    ]),
  );
}

/** `docker_container.postgres` and so on, sorted: what users see in a plan. */
export function addresses(stack: TerraformStack): string[] {
  return Object.entries(synth(stack).resource ?? {})
    .flatMap(([type, byName]) => Object.keys(byName).map((name) => `${type}.${name}`))
    .sort();
}

/**
 * The JSON without the texts of `caddy/` and `mlflow/`, which are reviewed there, without the authorities that come with
 * Node.js, and without the Dockerfile's hash.
 */
export function withoutPackagedFiles(synthesized: Synthesized): Synthesized {
  for (const { upload: files = [] } of Object.values(synthesized.resource.docker_container ?? {})) {
    for (const upload of files) {
      const [, folder, path] = /^\/etc\/(caddy|mlflow)\/(.+)$/.exec(upload.file) ?? [];
      if (upload.file === AUTHORITIES_FILE) upload.content = "<those of Node.js>";
      if (folder && path && existsSync(packagePath(folder, path))) upload.content = `<as in ${folder}/>`;
    }
  }
  for (const image of Object.values(synthesized.resource.docker_image ?? {})) {
    if (!image.build) continue;
    image.build.context = image.build.context.replace(/[0-9A-F]{32}$/, "<hash>");
    Object.assign(image, { name: image.name.replace(/[0-9a-f]{12}$/, "<hash>") });
  }
  return synthesized;
}
