import { loadExeca } from "../cli/console/es-modules";

/** Where and how a program runs. */
export interface ProgramOptions {
  /** @default - the current folder */
  readonly folder?: string;

  /** Variables on top of the environment. */
  readonly environment?: { readonly [name: string]: string | undefined };

  /** What it reads. @default - nothing */
  readonly input?: string;
}

/**
 * Runs a program to its end and gives what it printed.
 *
 * @throws Error with its output when it fails.
 */
export async function runProgram(program: string, args: string[], options: ProgramOptions = {}): Promise<string> {
  const { execa } = await loadExeca();
  const { stdout } = await execa(program, args, {
    cwd: options.folder,
    env: { ...options.environment },
    ...(options.input === undefined ? { stdin: "ignore" } : { input: options.input }),
    maxBuffer: 1024 ** 3,
  });
  return stdout;
}
