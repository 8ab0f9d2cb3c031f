import { CommandError } from "../console/command-error";
import type { Deployment } from "../deployment/deployment";
import { readinessProblem } from "../deployment/health";
import type { Problem } from "../deployment/health";
import type { State } from "../terraform/json/state";

/** As `readinessProblem()`: a certificate that this machine does not trust is a problem like any other. */
export async function readiness(deployment: Deployment, state: State): Promise<Problem | undefined> {
  try {
    return await readinessProblem(deployment, state);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { text: error.message, remedy: error.remedy ?? "" };
  }
}
