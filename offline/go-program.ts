import { existsSync, readdirSync } from "node:fs";
import { rename } from "node:fs/promises";
import { arch } from "node:os";
import { basename } from "node:path";
import { packagePath } from "../lib/values/package-folder";
import { cachePath, contentHash, removeOlder } from "./cache";
import { OUTPUT, runGo } from "./go-builder";

// Another checkout on this machine may still need its own.
const KEPT_DAYS = 30;

/** A program that is built from Go modules. */
export class GoProgram {
  #hash: string | undefined;

  /**
   * @param name first part of the name of the built file, and by default the folder with its module file in `offline/go`.
   * @param program path of the package to build.
   * @param tags build tags.
   * @param modules folders of this package with modules that replace others in the module file.
   * @param variables values of the program's variables, for the linker: `path.name=value`.
   * @param folder folder of the module file.
   */
  constructor(
    public readonly name: string,
    private readonly program: string,
    private readonly tags: string[] = [],
    private readonly modules: string[] = [],
    private readonly variables: string[] = [],
    private readonly folder = packagePath("offline", "go", name),
  ) {}

  /** Path of the built program. It contains the hash of the sources, so that another checkout does not replace it. */
  public get file(): string {
    return cachePath("bin", `${this.name}-${this.hash.slice(0, 12)}`);
  }

  /** Hash over its sources. */
  public get hash(): string {
    const words = [this.program, ...this.tags, ...this.variables, arch()];
    return (this.#hash ??= contentHash([this.folder, ...this.modules], ...words));
  }

  /** Builds it. Returns false when it is current. */
  public async build(progress: (line: string) => void): Promise<boolean> {
    const { file, name, folder, modules } = this;
    if (existsSync(file)) return false;

    // Renamed when it is complete, so that half a program never looks like a whole one. Another process may build the same.
    const result = `${basename(file)}.${process.pid}`;
    const tags = this.tags.length > 0 ? [`-tags=${this.tags.join(",")}`] : [];
    const linking = ["-s -w", ...this.variables.map((variable) => `-X ${variable}`)].join(" ");
    const flags = ["-v", "-trimpath", "-buildvcs=false", `-ldflags=${linking}`, ...tags, "-o", `${OUTPUT}/${result}`];
    await runGo({ ...{ name, folder, modules, progress }, arguments: ["build", ...flags, this.program] });
    await rename(cachePath("bin", result), file);
    this.discardOld();
    return true;
  }

  private discardOld(): void {
    const build = new RegExp(`^${this.name}(-[0-9a-f]{12}.*)?$`);
    for (const other of readdirSync(cachePath("bin")).filter((entry) => build.test(entry)))
      removeOlder(cachePath("bin", other), KEPT_DAYS);
  }
}
