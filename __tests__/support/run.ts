import { spawn } from "node:child_process";

/** How a program ended, and what it printed. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of `run()`. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: { [name: string]: string | undefined };
  readonly input?: string;
}

/** Runs a program to its end, whatever the end is. */
export function run(program: string, args: string[], options: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: options.cwd, env: { ...process.env, ...options.env } });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => (stdout += chunk));
    child.stderr.on("data", (chunk) => (stderr += chunk));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, stdout, stderr }));
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
  });
}

/** Runs a program that has to succeed, and returns what it printed. */
export async function runOk(program: string, args: string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, options);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}:\n${stdout}\n${stderr}`);
  return stdout;
}

/** What `docker inspect` says of a container, in a format of its own. */
export async function inspect(container: string, format: string): Promise<string> {
  return (await runOk("docker", ["inspect", "--format", format, container])).trim();
}

/** Waits for a condition, and says what it waited for when it does not come true in time. */
export async function eventually<T>(
  what: string,
  seconds: number,
  attempt: () => Promise<T | undefined | false>,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  let last: unknown;
  do {
    try {
      const result = await attempt();
      if (result) return result;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  } while (Date.now() < end);
  throw new Error(`${what}: not within ${seconds} s${last ? ` (${String(last)})` : ""}`);
}
