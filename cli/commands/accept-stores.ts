import { CommandError } from "../console/command-error";
import { commandLine } from "../console/command-line";
import { Deployment } from "../deployment/deployment";
import { requireEnd, runJobAgain } from "../deployment/store-jobs";
import { requireYes } from "../console/prompts";

/** Options of `accept-stores`. */
export interface AcceptStoresOptions {
  /** Id of the stack, if the app has several. */
  readonly stack?: string;

  /** Answers every question with yes. */
  readonly yes?: boolean;
}

/**
 * Accepts the present database and bucket as the stores of this stack.
 *
 * The jobs that create the bucket and mark the stores run again in their own containers, which have the keys. A job
 * that refuses a store gets its description back in a file, so that it accepts only the store that the user has seen. An
 * emptied store gets its bucket and user again in this way.
 *
 * @throws CommandError when there is no such job yet, or the stores give no answer.
 */
export async function acceptStores({ stack, yes = false }: AcceptStoresOptions): Promise<void> {
  const { docker, synthesized, name } = await Deployment.synthesize(stack);
  await docker.info();
  const jobs = [...synthesized.bucketJobs, ...synthesized.markingJobs];
  const existing = (await docker.containers(jobs)).map(({ Name }) => Name);
  const agree = async (said: string) => {
    console.log(said);
    await requireYes(`Accept them as they are for stack '${name}'?`, yes);
  };
  let accepted = false;
  for (const job of jobs) {
    if (existing.includes(job)) accepted = (await runJobAgain(docker, job, agree)) || accepted;
    // `up` ends at the job that refuses, so that the next one may not exist yet.
    else if (accepted) break;
    else throw new CommandError(`the job '${job}' has not run yet`, `Begin with: ${commandLine("up")}`);
  }
  // The bucket job removes the users of earlier keys only in a bucket that is this stack's: now it is.
  if (accepted) for (const job of synthesized.bucketJobs) requireEnd(await docker.runAgain(job));
  // A server that refused its stores looks again after up to a minute; a restart makes it look at once.
  for (const { Id, State } of await docker.containers(synthesized.servers)) {
    if (State.Health?.Status !== "healthy") await docker.restart(Id);
  }
  console.log(
    accepted
      ? `The database and the bucket are accepted. Now run: ${commandLine("up")}`
      : `The database and the bucket are those of stack '${name}' already: nothing to accept.`,
  );
}
