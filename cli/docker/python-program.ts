/**
 * A program for `python -c` that reads settings and another program from standard input, and runs it with `settings`. So
 * neither stands in a list of processes, nor in a container's configuration. What follows on standard input is left to
 * the program.
 */
export const PYTHON_BOOTSTRAP =
  "import json, sys; settings = json.loads(sys.stdin.buffer.readline()); exec(sys.stdin.buffer.read(settings.pop('length')))";

/** The beginning of the standard input of `PYTHON_BOOTSTRAP`. */
export function pythonInput(program: string, settings: object): string {
  return `${JSON.stringify({ ...settings, length: Buffer.byteLength(program) })}\n${program}`;
}
