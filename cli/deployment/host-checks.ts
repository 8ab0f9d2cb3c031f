import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { coerce, gte } from "semver";
import { workersOverCores } from "../../lib/server/server-size";
import { otherEngine } from "../../offline/engine";
import { CommandError } from "../console/command-error";
import type { ContainerHealth, EngineInfo } from "../docker/inspected";
import type { Docker } from "../docker/docker";
import { canPublish, portConflicts } from "../docker/ports";
import type { SynthesizedStack } from "../app/synthesized-stack";

const GIB = 1024 ** 3;
const MIN_ENGINE = "20.10.0";
// With an init process, as the services have: Podman needs a program for it that may be missing.
const TRIAL = ["--network", "none", "--cap-drop", "ALL", "--init"];

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
  const probe = docker.isLocal ? canPublish : undefined;
  const conflicts = await portConflicts(stack.publishedPorts, await docker.runningContainers(), probe);
  if (conflicts.length === 0) return;
  throw new CommandError(
    conflicts.join("; "),
    "Stop what uses it, or choose another address: MLFLOW_URL=http://localhost:8081",
  );
}

/**
 * Warns on standard error of an engine that is too old or keeps fewer containers apart than Docker, or has fewer cores
 * than MLflow has workers.
 */
export function warnOfEngine(stack: SynthesizedStack, engine: EngineInfo): void {
  const { cores } = engine;
  const warnings = [
    releaseProblem(engine),
    driftProblem(engine),
    separationProblem(stack, engine),
    cores === undefined ? undefined : workersOverCores(stack.workers, cores),
  ];
  for (const warning of warnings) if (warning !== undefined) console.error(`Warning: ${warning}.`);
}

/** Whether Docker's release is too old; undefined if it is not, or is unknown. */
export function releaseProblem({ version, isPodman }: EngineInfo): string | undefined {
  // Docker's releases before 20.10 have zeros that semver refuses: 19.03.15.
  const release = isPodman ? undefined : coerce(version.replaceAll(/\.0+(?=\d)/g, "."));
  if (!release || gte(release, MIN_ENGINE)) return undefined;
  return `the engine is Docker Engine ${version}, and the stack needs ${MIN_ENGINE.replace(/\.0$/, "")} or newer`;
}

/** What Terraform does not see on Podman; undefined on Docker. */
export function driftProblem({ version, isPodman }: EngineInfo): string | undefined {
  if (!isPodman) return undefined;
  return `the engine is Podman ${version}: if somebody changes by hand the process limits, capabilities, security options, log options or stop signal of a container, or the options of a network, Terraform does not see it`;
}

/** Which containers are reached on Podman, though the stack keeps them apart; undefined if there are none. */
export function separationProblem(stack: SynthesizedStack, { version, isPodman }: EngineInfo): string | undefined {
  const names = isPodman ? stack.separatedContainers : [];
  if (names.length === 0) return undefined;
  return `the engine is Podman ${version}, which ignores 'enable_icc=false' and leaves its default network open to others: ${names.join(", ")} can be reached by each other and from there, and on Docker they cannot`;
}

/**
 * Tries on Podman whether health checks run, in a container of an image of the stack. Docker runs them always.
 *
 * @param timeout seconds in which the first check must have run.
 * @returns whether it is known that they run: false if the engine has none of the images yet.
 * @throws CommandError when they do not run, or the container does not start.
 */
export async function requireHealthChecks(
  { name, synthesized, docker }: { name: string; synthesized: SynthesizedStack; docker: Docker },
  { version, isPodman }: EngineInfo,
  timeout = 15,
): Promise<boolean> {
  if (!isPodman) return true;
  const image = await firstThere(synthesized, docker);
  if (image === undefined) return false;
  const trial = `${name}-health-check-${process.pid}`;
  const check = ["--health-cmd", "true", "--health-interval", "1s"];
  const container = [...TRIAL, ...check, "--entrypoint", "sleep", image, String(3 * timeout)];
  const health = await docker.withContainer(trial, container, () => firstHealth(docker, trial, timeout));
  if (health?.Status === "healthy") return true;
  const hasRun = health?.Status === "unhealthy";
  const seen = hasRun ? "even the command 'true' fails as one" : `one of every second had not run after ${timeout} s`;
  throw new CommandError(
    `health checks do not work on this Podman ${version}: ${seen}. The stack waits for them. Nothing was changed`,
    hasRun
      ? "The journal of the engine's host says why: journalctl -t conmon"
      : "Podman runs them by timers of systemd: start its service there ('systemctl enable --now podman.socket', with '--user' for a rootless one), not in a container or a WSL without systemd. Or use Docker Engine.",
  );
}

async function firstThere({ images }: SynthesizedStack, docker: Docker): Promise<string | undefined> {
  for (const { name } of images) if (await docker.hasImage(name)) return name;
  return undefined;
}

// Until a health check has decided, or the time is over.
async function firstHealth(docker: Docker, name: string, seconds: number): Promise<ContainerHealth | undefined> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await pause(250)) {
    const [container] = await docker.containers([name]);
    const health = container?.State.Health;
    if (health && health.Status !== "starting") return health;
  }
  return undefined;
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

/** Whether an engine can be installed on this machine: by root, from Debian's packages, and if no other one is named. */
export function canInstallEngine(docker: Docker): boolean {
  const isDefault = docker.isDefault && otherEngine(process.env) === undefined;
  return isDefault && process.getuid?.() === 0 && existsSync("/etc/debian_version");
}
