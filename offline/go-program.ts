import { rename } from "node:fs/promises";
import { arch } from "node:os";
import semver from "semver";
import { packagePath } from "../lib/package-folder";
import { cachePath, contentHash, isCurrent, markCurrent } from "./cache";
import { ask, runStep, StepError } from "./step";

// older ones cannot fetch the release that a module asks for.
const LEAST_GO = "1.21.0";

/** A program that is built from Go modules. */
export class GoProgram {
  /**
   * @param name folder with its module file in `offline/go`.
   * @param package path of the package to build.
   * @param tags build tags.
   */
  constructor(
    public readonly name: string,
    private readonly packagePath: string,
    private readonly tags: string[] = [],
  ) {}

  /** Where the built program lies. */
  public get file(): string {
    return cachePath("bin", this.name);
  }

  /** Hash over what it is built from. */
  public get hash(): string {
    return contentHash([this.folder], this.packagePath, ...this.tags, arch());
  }

  /** Builds it. Returns false when it is current. */
  public async build(progress: (line: string) => void): Promise<boolean> {
    const { file, hash } = this;
    if (isCurrent(file, hash)) return false;

    await requireGo();
    // a program that is half written must not look like one that is there.
    const unfinished = `${file}.unfinished`;
    await runStep({
      name: `go-${this.name}`,
      program: "go",
      arguments: [
        ...["build", "-v", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"],
        ...(this.tags.length > 0 ? [`-tags=${this.tags.join(",")}`] : []),
        ...["-o", unfinished, this.packagePath],
      ],
      folder: this.folder,
      environment: { CGO_ENABLED: "0", GOFLAGS: "-mod=readonly" },
      progress,
    });
    await rename(unfinished, file);
    markCurrent(file, hash);
    return true;
  }

  private get folder(): string {
    return packagePath("offline", "go", this.name);
  }
}

async function requireGo(): Promise<void> {
  const { answer, failed } = await ask("go", "env", "GOVERSION");
  const version = semver.coerce(answer);
  if (failed || !version || semver.lt(version, LEAST_GO)) {
    throw new StepError(
      `Go ${LEAST_GO} or newer is needed to build here, found: ${failed ? "none" : answer}. Install it, and put it on the PATH.`,
    );
  }
}
