import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { cachePath } from "./cache";
import { ask, runStep, StepError } from "./step";

const START_SECONDS = 60;

/** Whether a Docker engine answers. */
export async function isEngineRunning(): Promise<boolean> {
  return !(await ask("docker", "info")).failed;
}

/** Installs Docker Engine where it is absent, and starts it. Returns false when it runs already. */
export async function provideEngine(progress: (line: string) => void): Promise<boolean> {
  if (await isEngineRunning()) return false;
  if (process.getuid?.() !== 0)
    throw new StepError("Docker Engine does not answer, and only root can install or start it.");

  if (!existsSync("/usr/sbin/dockerd") && !existsSync("/usr/bin/dockerd")) await install(progress);
  await start();
  return true;
}

async function install(progress: (line: string) => void): Promise<void> {
  if (!existsSync("/etc/debian_version")) {
    throw new StepError("Docker Engine is not installed. Install it as https://docs.docker.com/engine/install/ says.");
  }
  const environment = { DEBIAN_FRONTEND: "noninteractive" };
  await runStep({ name: "apt-update", program: "apt-get", arguments: ["update"], progress });
  await runStep({
    name: "apt-docker",
    program: "apt-get",
    arguments: ["install", "--yes", "--no-install-recommends", "docker.io", "iptables"],
    environment,
    progress,
  });
}

async function start(): Promise<void> {
  const log = cachePath("logs", "dockerd.log");
  let isRunning = existsSync("/run/systemd/system") ? await startService() : startDaemon(log);
  for (const end = Date.now() + START_SECONDS * 1000; Date.now() < end; await wait(500)) {
    if (await isEngineRunning()) return;
    // right after a crash the old process may still be there, and the new one ends because of it.
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
