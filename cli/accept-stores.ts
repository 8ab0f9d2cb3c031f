import { ACCEPTED_FILE, StoresVerdict } from "../lib/stores-file";
import { CommandError } from "./command-error";
import { commandLine } from "./command-line";
import { Deployment } from "./deployment";
import type { Docker } from "./docker";
import { requireYes } from "./questions";

// the lines that say what was found.
const FOUND = /^ {2}(?:database|bucket) .*$/gm;

/** Options of `accept-stores`. */
export interface AcceptStoresOptions {
  /** Id of the stack, where the app has several. */
  readonly stack?: string;

  /** Answers every question with yes. */
  readonly yes?: boolean;
}

/**
 * Takes the database and the bucket, as they are now, for those of the stack.
 *
 * The job that marks them runs again in its own container, which has the keys; it gets a file that names what was seen.
 *
 * @throws CommandError when there is no such job yet, or the stores give no answer.
 */
export async function acceptStores({ stack, yes = false }: AcceptStoresOptions): Promise<void> {
  const { docker, synthesized, name } = await Deployment.synthesize(stack);
  await docker.info();
  for (const job of synthesized.markingJobs) await acceptFor(job, docker, name, yes);
  // a server that refused them waits up to a minute before it looks again.
  for (const { Id, State } of await docker.containers(synthesized.servers)) {
    if (State.Health?.Status !== "healthy") await docker.restart(Id);
  }
}

async function acceptFor(job: string, docker: Docker, name: string, yes: boolean): Promise<void> {
  if ((await docker.containers([job])).length === 0) {
    throw new CommandError(`the job '${job}' has not run yet`, `Begin with: ${commandLine("up")}`);
  }
  const { exitCode, text } = await docker.runAgain(job);
  if (exitCode === 0)
    return console.log(`The database and the bucket are those of stack '${name}': nothing to accept.`);
  if (exitCode !== StoresVerdict.OTHER_STORES) throw new CommandError(text);

  console.log(text);
  await requireYes(`Take them as they are for those of stack '${name}'?`, yes);
  await docker.put(job, ACCEPTED_FILE, (text.match(FOUND) ?? []).join("\n"));
  const second = await docker.runAgain(job);
  if (second.exitCode !== 0) throw new CommandError(second.text);
  await docker.put(job, ACCEPTED_FILE, "");
  console.log(`They are. What is left to do: ${commandLine("up")}`);
}
