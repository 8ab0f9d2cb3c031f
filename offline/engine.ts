import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { installPackages } from "./apt";
import { cachePath } from "./cache";
import { ask, runStep, StepError } from "./step";

const START_SECONDS = 60;
const DEFAULT_HOST = "unix:///var/run/docker.sock";

/** The engine or context that variables name, if that is another one than this machine's default engine. */
export function otherEngine(environment: { readonly [name: string]: string | undefined }): string | undefined {
  const { DOCKER_HOST: host, DOCKER_CONTEXT: context } = environment;
  // The docker command takes no context if there is a host.
  if (host) return host === DEFAULT_HOST ? undefined : host;
  return context && context !== "default" ? context : undefined;
}

/** Whether a Docker engine answers. */
export async function isEngineRunning(): Promise<boolean> {
  return !(await ask("docker", "info")).failed;
}

/**
 * Installs Docker Engine if it is missing, and starts it. Returns false when it already runs.
 *
 * @throws StepError when Docker is set to use an engine elsewhere, or this user may not install or start one.
 */
export async function provideEngine(progress: (line: string) => void): Promise<boolean> {
  if (await isEngineRunning()) return false;
  const elsewhere = otherEngine(process.env);
  if (elsewhere) throw new StepError(`Docker is set to use '${elsewhere}', which does not answer.`);
  if (process.getuid?.() !== 0)
    throw new StepError("Docker Engine does not answer, and only root can install or start it.");

  if (!(await hasProgram("dockerd"))) await install(["docker.io", "iptables"], progress);
  // Newer releases of Debian have the client in a package of its own.
  if (!(await hasProgram("docker"))) await install(["docker-cli"], progress);
  if (!(await isEngineRunning())) await start();
  return true;
}

async function hasProgram(name: string): Promise<boolean> {
  return !(await ask(name, "--version")).failed;
}

async function install(packages: string[], progress: (line: string) => void): Promise<void> {
  if (!existsSync("/etc/debian_version")) {
    throw new StepError("Docker Engine is not installed. Install it as https://docs.docker.com/engine/install/ says.");
  }
  await installPackages(packages, progress);
}

async function start(): Promise<void> {
  const log = cachePath("logs", "dockerd.log");
  let isRunning = existsSync("/run/systemd/system") ? await startService() : startDaemon(log);
  for (const end = Date.now() + START_SECONDS * 1000; Date.now() < end; await wait(500)) {
    if (await isEngineRunning()) return;
    // After a crash the old process may still be there, and then the new one exits.
    if (!isRunning()) isRunning = startDaemon(log);
  }
  const tail = existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n").slice(-10).join("\n") : "";
  throw new StepError(`Docker Engine did not answer within ${START_SECONDS} seconds.\n${tail}\nThe whole log: ${log}`);
}

async function startService(): Promise<() => boolean> {
  await runStep({ name: "start-docker", program: "systemctl", arguments: ["start", "docker"] });
  return () => true;
}

/** Starts the engine in the background, and returns whether it still runs. */
function startDaemon(log: string): () => boolean {
  mkdirSync(dirname(log), { recursive: true });
  const output = openSync(log, "a");
  const daemon = spawn("dockerd", [], { detached: true, stdio: ["ignore", output, output] });
  daemon.unref();
  return () => daemon.exitCode === null;
}
