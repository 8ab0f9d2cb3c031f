import { existsSync, mkdirSync, rmSync } from "node:fs";
import { relative, resolve } from "node:path";
import semver from "semver";
import { RELEASES } from "../lib/values/releases";
import { cachePath } from "./cache";
import { DebianBase } from "./debian-base";
import { DockerImage } from "./docker-image";
import { ask, runStep } from "./step";

// the modules refuse an older Go, and 1.27 does not compile them.
const RELEASE = RELEASES.go;
// The first release of Go that downloads another toolchain by itself.
const SELF_UPDATING = "1.21.0";
// Lines that only show Go's progress, and would hide an error.
const PACKAGES_AND_DOWNLOADS = /^(go: downloading .*|[\w.~-]+(\/[\w.~-]+)*)$/;
// This machine's settings for reaching modules.
const SETTINGS = [
  "GOPROXY",
  "GOSUMDB",
  "GONOSUMDB",
  "GONOPROXY",
  "GOPRIVATE",
  "GOINSECURE",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
];

const BASE = new DebianBase("forky");
const IMAGE = new DockerImage({ folder: "go", name: "go:forky", base: BASE });

/** A run of `go`. */
export interface GoRun {
  /** Short name, also of the log file. */
  readonly name: string;
  /** Folder of the module. */
  readonly folder: string;
  /** Folders that its module file refers to. */
  readonly modules: string[];
  /** Arguments of `go`. `OUTPUT` in them is the folder of programs. */
  readonly arguments: string[];
  readonly progress: (line: string) => void;
}

/** The folder of programs in the arguments of `go`. */
export const OUTPUT = "{output}";

/** Whether this machine's Go builds the modules: as it is, by getting another release of itself, or not at all. */
export function usableGo(version: string, toolchain: string): "as it is" | "by another release" | "not" {
  const installed = semver.coerce(version);
  if (!installed || semver.lt(installed, SELF_UPDATING)) return "not";
  if (semver.satisfies(installed, `~${RELEASE.replace(/\.\d+$/, ".0")}`)) return "as it is";
  return toolchain === "local" ? "not" : "by another release";
}

/** Runs this machine's Go, else one in a container. */
export async function runGo(run: GoRun): Promise<void> {
  mkdirSync(cachePath("bin"), { recursive: true });
  const { answer } = await ask("go", "env", "GOVERSION", "GOTOOLCHAIN");
  const [version = "", toolchain = ""] = answer.split("\n");
  const usable = usableGo(version, toolchain);
  if (usable === "not") return runInContainer(run);
  await runHere(run, usable === "as it is" ? {} : { GOTOOLCHAIN: `go${RELEASE}` });
}

/** Removes the downloads and build cache of Go in the container, several GB. */
export function discardGoCache(): boolean {
  if (!existsSync(cachePath("go"))) return false;
  rmSync(cachePath("go"), { recursive: true, force: true });
  return true;
}

function runHere(
  { name, folder, arguments: words, progress }: GoRun,
  environment: { readonly [name: string]: string },
): Promise<void> {
  return runStep({
    name: `go-${name}`,
    program: "go",
    arguments: words.map((word) => word.replace(OUTPUT, cachePath("bin"))),
    folder,
    environment: { CGO_ENABLED: "0", GOFLAGS: "-mod=readonly", ...environment },
    noise: PACKAGES_AND_DOWNLOADS,
    progress,
  });
}

async function runInContainer({ name, folder, modules, arguments: words, progress }: GoRun): Promise<void> {
  await BASE.build(progress);
  await IMAGE.build(progress);
  const mount = (from: string, to: string) => ["--volume", `${from}:${to}`];
  await runStep({
    name: `go-${name}`,
    program: "docker",
    arguments: [
      ...["run", "--rm", ...mount(folder, "/source:ro"), ...mount(cachePath("bin"), "/result")],
      // The module file has relative paths, so each folder is mounted at its path relative to /source.
      ...modules.flatMap((path) => mount(path, `${resolve("/source", relative(folder, path))}:ro`)),
      ...mount(cachePath("go"), "/cache"),
      ...["--env", "CGO_ENABLED=0", "--env", "GOFLAGS=-mod=readonly", "--env", `GOTOOLCHAIN=go${RELEASE}`],
      ...SETTINGS.filter((setting) => process.env[setting]).flatMap((setting) => ["--env", setting]),
      ...[IMAGE.name, "go", ...words.map((word) => word.replace(OUTPUT, "/result"))],
    ],
    noise: PACKAGES_AND_DOWNLOADS,
    progress,
  });
}
