import { chmodSync, copyFileSync, existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { arch, platform } from "node:os";
import { basename, dirname } from "node:path";
import { cachePath, contentHash, isCurrent, markCurrent } from "./cache";
import type { GoProgram } from "./go-program";

// Terraform and OpenTofu each put their own registry before the name of the same provider.
const REGISTRIES = ["registry.terraform.io", "registry.opentofu.org"];
const ARCHITECTURES: { [name: string]: string } = { x64: "amd64", arm64: "arm64" };

/** A provider in the mirror. */
export interface MirroredProvider {
  /** Namespace and type, such as `hashicorp/random`. */
  readonly source: string;
  readonly version: string;
  readonly program: GoProgram;
}

/** A folder with providers for Terraform, and the configuration file that makes Terraform use it. */
export class TerraformMirror {
  constructor(private readonly providers: MirroredProvider[]) {}

  /** The configuration file, for `TF_CLI_CONFIG_FILE`. */
  public get configurationFile(): string {
    return cachePath("terraform.rc");
  }

  /** Programs of the providers. */
  public get programs(): readonly GoProgram[] {
    return this.providers.map(({ program }) => program);
  }

  /** Whether it is filled. */
  public isCurrent(): boolean {
    return isCurrent(this.configurationFile, this.hash) && this.files().every(({ file }) => existsSync(file));
  }

  /** Fills it. Returns false when it is current. */
  public fill(): boolean {
    if (this.isCurrent()) return false;

    for (const { file, program } of this.files()) {
      mkdirSync(dirname(file), { recursive: true });
      // Renamed, because Terraform may be running the old program.
      copyFileSync(program.file, `${file}.unfinished`);
      chmodSync(`${file}.unfinished`, 0o755);
      renameSync(`${file}.unfinished`, file);
    }
    writeFileSync(this.configurationFile, this.configuration());
    markCurrent(this.configurationFile, this.hash);
    return true;
  }

  private get hash(): string {
    return contentHash([], this.configuration(), ...this.programs.map(({ hash }) => hash));
  }

  private files(): { readonly file: string; readonly program: GoProgram }[] {
    const system = `${platform()}_${ARCHITECTURES[arch()] ?? arch()}`;
    return REGISTRIES.flatMap((registry) =>
      this.providers.map(({ source, version, program }) => ({
        file: cachePath("providers", registry, source, version, system, `terraform-provider-${basename(source)}`),
        program,
      })),
    );
  }

  private configuration(): string {
    const sources = REGISTRIES.flatMap((registry) => this.providers.map(({ source }) => `${registry}/${source}`));
    return `provider_installation {
  filesystem_mirror {
    path    = ${JSON.stringify(cachePath("providers"))}
    include = ${JSON.stringify(sources)}
  }
  direct {
    exclude = ${JSON.stringify(sources)}
  }
}
`;
  }
}
