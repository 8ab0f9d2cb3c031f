import { ACCEPTED_FILE, StoresVerdict } from "../../lib/contract/store-identity";
import { CommandError } from "../console/command-error";
import { commandLine } from "../console/command-line";
import type { ProgramOutput } from "../docker/inspected";
import type { Docker } from "../docker/docker";

// The lines in which a job describes the stores that it found.
const FOUND = /^ {2}(?:database|bucket) .*$/gm;

/**
 * Runs a job that creates or marks stores again, in its own container, which has the keys. If it refuses the stores, it
 * runs once more with a file that names what it has found, so that it accepts only these.
 *
 * @param agree gets what the job says of the stores, and throws if they are not to be accepted.
 * @returns whether there was something to accept.
 * @throws CommandError when the job fails for another reason.
 */
export async function runJobAgain(
  docker: Docker,
  job: string,
  agree: (said: string) => Promise<void>,
): Promise<boolean> {
  const said = await docker.runAgain(job);
  if (said.exitCode !== StoresVerdict.OTHER_STORES) {
    requireEnd(said);
    return false;
  }
  await agree(said.text);
  await docker.put(job, ACCEPTED_FILE, (said.text.match(FOUND) ?? []).join("\n"));
  requireEnd(await docker.runAgain(job));
  await docker.put(job, ACCEPTED_FILE, "");
  return true;
}

/** @throws CommandError when a job has failed, with what it said. */
export function requireEnd({ exitCode, text }: ProgramOutput): void {
  if (exitCode === 0) return;
  const isAboutSchema = exitCode === StoresVerdict.OTHER_SCHEMA;
  throw new CommandError(text, isAboutSchema ? undefined : `To see which service failed: ${commandLine("status")}`);
}
