import { createWriteStream, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { cachePath } from "./cache";

const TAIL_LINES = 25;

/** A program that a build runs. */
export interface Step {
  /** Short name, also of the log file. */
  readonly name: string;
  readonly program: string;
  readonly arguments: string[];
  readonly folder?: string;
  readonly environment?: { readonly [name: string]: string };
  /** Lines that only show progress. The message of a failure leaves them out. */
  readonly noise?: RegExp;
  /** Called with each line the program prints. */
  readonly progress?: (line: string) => void;
}

/** A build failed. The message has the end of the program's output, and the path of the whole log. */
export class StepError extends Error {
  public override readonly name = "StepError";
}

// Imported at run time: execa is an ES module, which loaders of TypeScript cannot require.
const loadExeca = () => import("execa");

/** What a program answers at once, and whether it failed. */
export async function ask(
  program: string,
  ...args: string[]
): Promise<{ readonly answer: string; readonly failed: boolean }> {
  const { execa } = await loadExeca();
  const { stdout, failed } = await execa(program, args, { reject: false, timeout: 20_000 });
  return { answer: stdout ?? "", failed };
}

/** Runs a program to its end, and writes its output to a log file. */
export async function runStep(step: Step): Promise<void> {
  const log = cachePath("logs", `${step.name}.log`);
  mkdirSync(dirname(log), { recursive: true });
  const { execa } = await loadExeca();
  const child = execa(step.program, step.arguments, {
    cwd: step.folder,
    env: step.environment,
    stdin: "ignore",
    all: true,
    buffer: false,
    reject: false,
  });
  const file = createWriteStream(log);
  const written = new Promise<void>((resolve) => file.on("close", () => resolve()));
  child.all.pipe(file);
  for await (const line of child.iterable({ from: "all" })) if (line.trim()) step.progress?.(line.trim());
  const { exitCode, failed, shortMessage } = await child;
  await written;
  if (failed) throw new StepError(explain(step, exitCode === undefined ? shortMessage : `exit code ${exitCode}`, log));
}

function explain({ name, noise }: Step, reason: string | undefined, log: string): string {
  const lines = readFileSync(log, "utf8").trimEnd().split("\n");
  const telling = lines.filter((line) => !noise?.test(line));
  return [`${name} failed: ${reason}`, ...telling.slice(-TAIL_LINES), `The whole log: ${log}`].join("\n");
}
