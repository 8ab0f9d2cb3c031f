import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { open, readFile, rm } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import type { Environment } from "../app/environment";
import { Run } from "../run/command-run";
import { Interrupt } from "../console/interrupt";
import { processOf } from "../console/process-identity";

const INTERVAL = 100;

/** How a program ended. */
export interface Ended {
  readonly exitCode: number | null;

  /** The signal that killed it. */
  readonly signal: string | null;
  readonly stderr: string;

  /** Whether this process got a signal meanwhile. */
  readonly interrupted: boolean;
}

/**
 * Runs a program that goes on to its end when this process is killed: it writes to files, because writing to a pipe that
 * nobody reads would kill it, and it has a process group of its own, so that Ctrl-C and a closed terminal do not reach
 * it. Instead it gets one SIGINT from here. A second one would abort Terraform.
 *
 * @param onLine gets each line of its standard output.
 */
export async function runDetached(
  program: string,
  args: string[],
  { cwd, env }: { cwd: string; env: Environment },
  onLine: (line: string) => void,
): Promise<Ended> {
  const run = Run.current;
  const [output, errors] = [run.file("stdout"), run.file("stderr")];
  const files = [output, errors].map((file) => openSync(file, "wx", 0o600));
  const child = spawn(program, args, { cwd, env: { ...env }, detached: true, stdio: ["ignore", ...files] });
  files.forEach((file) => closeSync(file));
  run.noteTerraform(child.pid === undefined ? undefined : processOf(child.pid));
  const interrupt = new Interrupt(() => {
    console.error("Terraform finishes the operations that run…");
    child.kill("SIGINT");
  });
  try {
    const end = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
    await follow(output, end, onLine);
    const [exitCode, signal] = await end;
    return { exitCode, signal, stderr: await readFile(errors, "utf8"), interrupted: interrupt.happened };
  } finally {
    interrupt.stop();
    run.noteTerraform(undefined);
    await rm(output, { force: true });
    await rm(errors, { force: true });
  }
}

async function follow(file: string, end: Promise<unknown>, onLine: (line: string) => void): Promise<void> {
  let hasEnded = false;
  const note = () => (hasEnded = true);
  void end.then(note, note);
  const reader = await open(file);
  const decoder = new TextDecoder();
  const buffer = Buffer.alloc(64 * 1024);
  let rest = "";
  try {
    for (;;) {
      // Asked before reading, so that nothing is missed that was written before the end.
      const isLast = hasEnded;
      for (let bytes; (bytes = (await reader.read(buffer)).bytesRead) > 0;) {
        const lines = (rest + decoder.decode(buffer.subarray(0, bytes), { stream: true })).split("\n");
        rest = lines.pop() ?? "";
        lines.forEach(onLine);
      }
      if (isLast) break;
      await Promise.race([end, pause(INTERVAL)]);
    }
    if (rest !== "") onLine(rest);
  } finally {
    await reader.close();
  }
}
