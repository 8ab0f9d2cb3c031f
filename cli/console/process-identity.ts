import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A process of this machine. Its number alone may be another process's later. */
export interface ProcessIdentity {
  readonly pid: number;

  /** When it was started, in a form for comparison. */
  readonly started: string;
}

/** The process of a number; undefined if none runs. */
export function processOf(pid: number): ProcessIdentity | undefined {
  const started = process.platform === "linux" ? startOnLinux(pid) : startElsewhere(pid);
  return started === undefined ? undefined : { pid, started };
}

/** Whether a process still runs. */
export function isRunning({ pid, started }: ProcessIdentity): boolean {
  return processOf(pid)?.started === started;
}

function startOnLinux(pid: number): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    // The name, in parentheses, may hold spaces. The state follows, and the start time 19 fields later.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return fields[0] === "Z" ? undefined : `${boot} ${fields[19]}`;
  } catch {
    return undefined;
  }
}

function startElsewhere(pid: number): string | undefined {
  if (process.platform === "win32") return canSignal(pid) ? "unknown" : undefined;
  const { status, stdout } = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C", TZ: "UTC" },
  });
  return status === 0 && stdout.trim() !== "" ? stdout.trim() : undefined;
}

function canSignal(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
