import { copyFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { packagePath } from "../lib/values/package-folder";
import { cachePath, contentHash } from "./cache";
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

  /** Builds it. Returns false when it is current. */
  public async build(progress: (line: string) => void): Promise<boolean> {
    const { name, hash } = this;
    if (await isImageCurrent(name, hash)) return false;

    const context = cachePath("context", this.options.folder);
    rmSync(context, { recursive: true, force: true });
    mkdirSync(context, { recursive: true, mode: 0o700 });
    try {
      cpSync(this.folder, context, { recursive: true });
      for (const { file } of this.options.programs ?? []) copyFileSync(file, join(context, basename(file)));
      for (const [file, text] of Object.entries(this.options.files ?? {})) writeFileSync(join(context, file), text);
      this.options.hostSettings?.(join(context, "host"));

      await runStep({
        name: `image-${this.options.folder}`,
        program: "docker",
        arguments: [
          ...["build", "--force-rm", "--label", `${HASH_LABEL}=${hash}`, "--tag", name, ...proxies()],
          ...Object.entries(this.options.buildArguments ?? {}).flatMap((entry) => ["--build-arg", entry.join("=")]),
          context,
        ],
        // Every Docker client has this builder. BuildKit is a plugin that is often missing.
        environment: { DOCKER_BUILDKIT: "0" },
        progress,
      });
    } finally {
      rmSync(context, { recursive: true, force: true });
      await ask("docker", "image", "prune", "--force", "--filter", `label=${INTERMEDIATE_LABEL}`);
    }
    return true;
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
