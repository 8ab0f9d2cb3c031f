import { ACCEPTED_FILE, StoresVerdict } from "../../lib/stores/store-identity";
import { CommandError } from "../console/command-error";
import { commandLine } from "../console/command-line";
import { Deployment } from "../deployment/deployment";
import type { Docker, ProgramOutput } from "../docker/docker";
import { requireYes } from "../console/prompts";

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
 * The jobs that make the bucket and mark the stores run again in their own containers, which have the keys; what was seen
 * they get as a file. An emptied store gets its bucket and user again that way, before it is looked into.
 *
 * @throws CommandError when there is no such job yet, or the stores give no answer.
 */
export async function acceptStores({ stack, yes = false }: AcceptStoresOptions): Promise<void> {
  const { docker, synthesized, name } = await Deployment.synthesize(stack);
  await docker.info();
  const jobs = [...synthesized.bucketJobs, ...synthesized.markingJobs];
  const existing = (await docker.containers(jobs)).map(({ Name }) => Name);
  let accepted = false;
  for (const job of jobs) {
    if (existing.includes(job)) accepted = (await acceptFor(job, docker, name, yes)) || accepted;
    // an `up` that was refused the bucket ended before it made the next job.
    else if (accepted) break;
    else throw new CommandError(`the job '${job}' has not run yet`, `Begin with: ${commandLine("up")}`);
  }
  // users of earlier keys, which stay until the bucket is known to be this stack's.
  if (accepted) for (const job of synthesized.bucketJobs) requireEnd(await docker.runAgain(job));
  // a server that refused them waits up to a minute before it looks again.
  for (const { Id, State } of await docker.containers(synthesized.servers)) {
    if (State.Health?.Status !== "healthy") await docker.restart(Id);
  }
  console.log(
    accepted
      ? `They are. What is left to do: ${commandLine("up")}`
      : `The database and the bucket are those of stack '${name}': nothing to accept.`,
  );
}

// whether there was something to accept.
async function acceptFor(job: string, docker: Docker, name: string, yes: boolean): Promise<boolean> {
  const said = await docker.runAgain(job);
  if (said.exitCode !== StoresVerdict.OTHER_STORES) {
    requireEnd(said);
    return false;
  }
  console.log(said.text);
  await requireYes(`Take them as they are for those of stack '${name}'?`, yes);
  await docker.put(job, ACCEPTED_FILE, (said.text.match(FOUND) ?? []).join("\n"));
  requireEnd(await docker.runAgain(job));
  await docker.put(job, ACCEPTED_FILE, "");
  return true;
}

function requireEnd({ exitCode, text }: ProgramOutput): void {
  if (exitCode === 0) return;
  const isAboutSchema = exitCode === StoresVerdict.OTHER_SCHEMA;
  throw new CommandError(text, isAboutSchema ? undefined : `Which service is at fault: ${commandLine("status")}`);
}
