import { runSteps } from "../console/tasks";
import { Deployment } from "../deployment/deployment";
import { findTarget, requirePassed, tableOf, verificationSteps } from "../verify/checks";
import type { Check, Target } from "../verify/checks";

/** Options of `verify`. */
export interface VerifyOptions {
  /** Id of the stack, if the app has several. */
  readonly stack?: string;

  /** Prints JSON. */
  readonly json?: boolean;

  /** Size of the large artifact in MiB. From 500 on clients send it in parts. */
  readonly largeSize: number;
}

/**
 * Uses a deployed stack as its users do, and prints the result of each check.
 *
 * @throws CommandError when a check failed.
 */
export async function verify({ stack, largeSize, json }: VerifyOptions): Promise<void> {
  const checks: Check[] = [];
  let target: Target | undefined;
  const find = async () => (target = await findTarget(await Deployment.synthesize(stack)));
  await runSteps(verificationSteps(find, largeSize, checks), json ? process.stderr : process.stdout);

  console.log(json ? JSON.stringify(checks, null, 2) : tableOf(checks));
  requirePassed(checks);
  if (!json) console.log([`All ${checks.length} checks passed.`, ...(target?.imageNotes ?? [])].join("\n"));
}
