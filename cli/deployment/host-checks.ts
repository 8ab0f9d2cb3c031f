import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { coerce, gte } from "semver";
import { workersOverCores } from "../../lib/server/server-size";
import { CommandError } from "../console/command-error";
import type { EngineInfo } from "../docker/details";
import type { Docker } from "../docker/docker";
import { canListen, portConflicts } from "../docker/ports";
import type { SynthesizedStack } from "../app/synthesized-stack";

const GIB = 1024 ** 3;
const MIN_ENGINE = "20.10.0";
const FIRST_DOCKER_RELEASE = 17;

/** Free space an engine needs, in GiB. */
export const DiskNeed = {
  /** All images are there: room for the first data. */
  running: 1,
  /** Images have to be pulled: 3 GB of images, and data. */
  pulling: 5,
  /** Images have to be built: the same, and the intermediate steps. */
  building: 10,
} as const;

/** @throws CommandError when something else has a port that the stack publishes. */
export async function requireFreePorts(stack: SynthesizedStack, docker: Docker): Promise<void> {
  const probe = docker.isLocal ? canListen : undefined;
  const conflicts = await portConflicts(stack.publishedPorts, await docker.runningContainers(), probe);
  if (conflicts.length === 0) return;
  throw new CommandError(
    conflicts.join("; "),
    "Stop what uses it, or choose another address: MLFLOW_URL=http://localhost:8081",
  );
}

/** Warns on standard error of an engine that is too old, is Podman, or has fewer cores than MLflow has workers. */
export function warnOfEngine(stack: SynthesizedStack, { cores, version }: EngineInfo): void {
  const warnings = [engineProblem(version), cores === undefined ? undefined : workersOverCores(stack.workers, cores)];
  for (const warning of warnings) if (warning !== undefined) console.error(`Warning: ${warning}.`);
}

/** What the engine lacks, by its release; undefined if nothing is known. */
export function engineProblem(version: string): string | undefined {
  // Docker's releases before 20.10 have zeros that semver refuses: 19.03.15.
  const release = coerce(version.replaceAll(/\.0+(?=\d)/g, "."));
  if (!release || gte(release, MIN_ENGINE)) return undefined;
  // Docker's releases were 17 or more when Podman's began with 1.
  return release.major < FIRST_DOCKER_RELEASE
    ? `the engine is Podman ${version}: without systemd it runs no health checks, and each plan replaces its networks`
    : `the engine is Docker Engine ${version}, and the stack needs ${MIN_ENGINE.replace(/\.0$/, "")} or newer`;
}

/**
 * Checks the free space in the engine's folder. Engines elsewhere, or in a virtual machine, are not checked.
 *
 * @param needed in GiB.
 * @throws CommandError when less is free.
 */
export async function requireDiskSpace(docker: Docker, rootFolder: string, needed: number): Promise<void> {
  if (!docker.isLocal || !existsSync(rootFolder)) return;
  const { bavail, bsize } = await statfs(rootFolder);
  const problem = diskProblem(bavail * bsize, needed, rootFolder);
  if (problem)
    throw new CommandError(
      problem,
      "Free some: 'docker system df' shows what Docker uses, 'docker image prune' removes unused images.",
    );
}

/** The problem with the free space; undefined if it is enough. */
export function diskProblem(freeBytes: number, neededGib: number, folder: string): string | undefined {
  if (freeBytes >= neededGib * GIB) return undefined;
  return `not enough disk: ${(freeBytes / GIB).toFixed(1)} GiB free in ${folder}, ${neededGib} GiB needed`;
}

/** Whether an engine can be installed on this machine: by root, from Debian's packages. */
export function canInstallEngine(docker: Docker): boolean {
  return docker.isDefault && process.getuid?.() === 0 && existsSync("/etc/debian_version");
}
