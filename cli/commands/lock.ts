import { commandLine } from "../console/command-line";
import { Deployment } from "../deployment/deployment";

/** Options of `lock`. */
export interface LockOptions {
  /** Id of the stack, if the app has several. */
  readonly stack?: string;
}

/** Writes the stack's lock file. From then on all commands use exactly these builds of Terraform's providers. */
export async function lock({ stack }: LockOptions): Promise<void> {
  const deployment = await Deployment.synthesize(stack);
  await deployment.lockProviders();
  console.log(
    `${deployment.lockFile} is written: keep it in the repository. ` +
      `When the stack asks for other providers, write it again: ${commandLine("lock")}`,
  );
}
