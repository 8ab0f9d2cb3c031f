import { ExitCode } from "../console/command-error";
import { Deployment } from "../deployment/deployment";
import { diagnose } from "../doctor/diagnose";
import { renderDiagnosis } from "../doctor/finding";

/** Options of `doctor`. */
export interface DoctorOptions {
  /** Id of the stack, if the app has several. */
  readonly stack?: string;

  /** Prints JSON. */
  readonly json?: boolean;
}

/** Says what is wrong with a deployed stack, and what to do. The exit status is 1 if something is. */
export async function doctor({ stack, json }: DoctorOptions): Promise<void> {
  const diagnosis = await diagnose(await Deployment.synthesize(stack));
  console.log(json ? JSON.stringify(diagnosis, null, 2) : renderDiagnosis(diagnosis));
  if (diagnosis.problems.length > 0) process.exitCode = ExitCode.failure;
}
