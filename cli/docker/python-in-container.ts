import { once } from "node:events";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { loadExeca } from "../console/es-modules";
import { parseJson } from "../console/parse-json";
import type { Docker } from "./docker";
import { PYTHON_BOOTSTRAP, pythonInput } from "./python-program";

/**
 * Runs a Python program in a running container. It finds `settings`, and `data` as the rest of its standard input.
 * `onLine` gets each JSON document that it prints.
 *
 * @param watched keeps the standard input open until the program ends: its end then means that nobody waits for the program.
 * @returns the last line that it printed as an error, or `docker` did.
 * @throws the error of `data`, when it could not be read to its end.
 */
export async function runPythonIn(
  docker: Docker,
  container: string,
  program: string,
  settings: object,
  data: AsyncIterable<Buffer>,
  onLine: (line: { readonly [name: string]: unknown }) => void,
  watched = false,
): Promise<string> {
  const { execa } = await loadExeca();
  const child = execa("docker", ["exec", "--interactive", container, "python", "-c", PYTHON_BOOTSTRAP], docker.options);
  const exit = once(child, "exit");
  async function* input() {
    yield Buffer.from(pythonInput(program, settings));
    yield* data;
    if (watched) await exit;
  }
  let failed: unknown;
  const sent = pipeline(Readable.from(input()), child.stdin).catch((error: NodeJS.ErrnoException) => {
    // A program that has ended reads no more, and its end says why.
    if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_PREMATURE_CLOSE") failed = error;
  });
  for await (const line of child) {
    const document = parseJson<{ [name: string]: unknown }>(String(line));
    if (document) onLine(document);
  }
  const { stderr } = await child;
  await sent;
  if (failed !== undefined) throw failed as Error;
  return String(stderr).trim().split("\n").at(-1) ?? "";
}
