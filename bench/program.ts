import { loadExeca } from "../cli/console/es-modules";

/** Options of `runProgram()`. */
export interface ProgramOptions {
  /**
   * Working folder.
   *
   * @default - the current folder
   */
  readonly folder?: string;

  /** Variables in addition to the environment of this process. */
  readonly environment?: { readonly [name: string]: string | undefined };

  /**
   * Standard input.
   *
   * @default - none
   */
  readonly input?: string;
}

/**
 * Runs a program, and returns its standard output.
 *
 * @throws Error with the output when the program fails.
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
