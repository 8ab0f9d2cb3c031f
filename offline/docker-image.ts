import { copyFileSync, cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packagePath } from "../lib/values/package-folder";
import { contentHash, withBuildFolder } from "./cache";
import type { GoProgram } from "./go-program";
import { ask, runStep } from "./step";

/** The label with the hash of an image's sources. */
export const HASH_LABEL = "cdktf-mlflow.offline";

/** Images that are built here are named for the registry localhost, so that none is ever pulled or pushed. */
export const NAMESPACE = "localhost/cdktf-mlflow";

const INTERMEDIATE_LABEL = "cdktf-mlflow.intermediate";
// Build arguments that Docker predefines. It keeps none of them in the image.
const PROXY_SETTINGS = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"];

/** What an image is built from, besides its folder in `offline/images`. */
export interface DockerImageOptions {
  /** Folder in `offline/images`. */
  readonly folder: string;

  /** Name and version, below the namespace. */
  readonly name: string;

  /** The image that it begins with. */
  readonly base: { readonly hash: string };

  /** Programs that it holds. */
  readonly programs?: GoProgram[];

  /** Build arguments, such as the release of what is installed. */
  readonly buildArguments?: { readonly [name: string]: string };

  /** Files of the build beside those of the folder, by name. */
  readonly files?: { readonly [name: string]: string };

  /** Copies this machine's settings into the folder `host` of the build. They are not part of the hash. */
  readonly hostSettings?: (folder: string) => void;
}

/** An image that replaces one that cannot be pulled. */
export class DockerImage {
  #hash: string | undefined;

  constructor(private readonly options: DockerImageOptions) {}

  /** Complete name. It contains the hash of the sources, so that another checkout cannot move the tag. */
  public get name(): string {
    return `${NAMESPACE}/${this.options.name}-${this.hash.slice(0, 12)}`;
  }

  /** Hash over its sources. */
  public get hash(): string {
    const { base, programs = [], buildArguments = {}, files = {} } = this.options;
    const words = [...Object.entries(buildArguments), ...Object.entries(files)].flat();
    return (this.#hash ??= contentHash([this.folder], base.hash, ...programs.map(({ hash }) => hash), ...words));
  }

  /** Programs that it holds. */
  public get programs(): readonly GoProgram[] {
    return this.options.programs ?? [];
  }

  /** Whether the engine has it. */
  public isCurrent(): Promise<boolean> {
    return isImageCurrent(this.name, this.hash);
  }

  /** Builds it. Returns false when it is current. */
  public async build(progress: (line: string) => void): Promise<boolean> {
    if (await this.isCurrent()) return false;
    try {
      await withBuildFolder(this.options.folder, (context) => this.buildIn(context, progress));
    } finally {
      await ask("docker", "image", "prune", "--force", "--filter", `label=${INTERMEDIATE_LABEL}`);
    }
    return true;
  }

  private async buildIn(context: string, progress: (line: string) => void): Promise<void> {
    const { files = {}, buildArguments = {}, hostSettings } = this.options;
    cpSync(this.folder, context, { recursive: true });
    for (const { file, name } of this.programs) copyFileSync(file, join(context, name));
    for (const [file, text] of Object.entries(files)) writeFileSync(join(context, file), text);
    hostSettings?.(join(context, "host"));

    await runStep({
      name: `image-${this.options.folder}`,
      program: "docker",
      arguments: [
        ...["build", "--force-rm", "--label", `${HASH_LABEL}=${this.hash}`, "--tag", this.name, ...proxies()],
        ...Object.entries(buildArguments).flatMap((entry) => ["--build-arg", entry.join("=")]),
        context,
      ],
      // Every Docker client has this builder. BuildKit is a plugin that is often missing.
      environment: { DOCKER_BUILDKIT: "0" },
      progress,
    });
  }

  private get folder(): string {
    return packagePath("offline", "images", this.options.folder);
  }
}

/** Whether the engine has an image that was built from sources with this hash. */
export async function isImageCurrent(name: string, hash: string): Promise<boolean> {
  const format = `{{index .Config.Labels "${HASH_LABEL}"}}`;
  const { answer } = await ask("docker", "image", "inspect", "--format", format, name);
  return answer === hash;
}

function proxies(): string[] {
  return PROXY_SETTINGS.filter((name) => process.env[name]).flatMap((name) => ["--build-arg", name]);
}
