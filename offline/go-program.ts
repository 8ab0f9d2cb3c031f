import { rename } from "node:fs/promises";
import { arch } from "node:os";
import { packagePath } from "../lib/values/package-folder";
import { cachePath, contentHash, isCurrent, markCurrent } from "./cache";
import { OUTPUT, runGo } from "./go-builder";

/** A program that is built from Go modules. */
export class GoProgram {
  /**
   * @param name folder with its module file in `offline/go`.
   * @param program path of the package to build.
   * @param tags build tags.
   * @param modules folders of this package with modules that replace others in the module file.
   * @param variables values of the program's variables, for the linker: `path.name=value`.
   */
  constructor(
    public readonly name: string,
    private readonly program: string,
    private readonly tags: string[] = [],
    private readonly modules: string[] = [],
    private readonly variables: string[] = [],
  ) {}

  /** Path of the built program. */
  public get file(): string {
    return cachePath("bin", this.name);
  }

  /** Hash over its sources. */
  public get hash(): string {
    return contentHash([this.folder, ...this.modules], this.program, ...this.tags, ...this.variables, arch());
  }

  /** Builds it. Returns false when it is current. */
  public async build(progress: (line: string) => void): Promise<boolean> {
    const { file, hash, name, folder, modules } = this;
    if (isCurrent(file, hash)) return false;

    // Renamed when it is complete, so that half a program never looks like a whole one.
    const result = `${name}.unfinished`;
    const tags = this.tags.length > 0 ? [`-tags=${this.tags.join(",")}`] : [];
    const linking = ["-s -w", ...this.variables.map((variable) => `-X ${variable}`)].join(" ");
    const flags = ["-v", "-trimpath", "-buildvcs=false", `-ldflags=${linking}`, ...tags, "-o", `${OUTPUT}/${result}`];
    await runGo({ ...{ name, folder, modules, progress }, arguments: ["build", ...flags, this.program] });
    await rename(cachePath("bin", result), file);
    markCurrent(file, hash);
    return true;
  }

  private get folder(): string {
    return packagePath("offline", "go", this.name);
  }
}
