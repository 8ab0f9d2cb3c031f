import { accessSync, constants, existsSync } from "node:fs";
import { CommandError } from "../console/command-error";

/** The environment variables of a process. */
export interface Environment {
  readonly [name: string]: string | undefined;
}

// Files that GitHub Actions reads after a step. A wrapper of Terraform writes plans with secrets into the first.
const FILES_OF_A_STEP = ["GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"];
const ARGUMENTS = /^TF_CLI_ARGS(_|$)/;

/** An environment without the arguments that Terraform adds to the command line. */
export function withoutArguments(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !ARGUMENTS.test(name)));
}

/** Names the variables that add arguments to a command of Terraform; undefined if none does. */
export function argumentsOf(command: string, environment: Environment): string | undefined {
  const names = ["TF_CLI_ARGS", `TF_CLI_ARGS_${command}`].filter((name) => environment[name]);
  if (names.length === 0) return undefined;
  return `Terraform also got the arguments in ${names.join(" and ")}: unset it, if they are the reason.`;
}

/**
 * Requires the folder for temporary files, in which providers make their sockets.
 *
 * @throws CommandError when TMPDIR names a folder that is missing or cannot be written.
 */
export function requireTemporaryFolder({ TMPDIR: folder }: Environment): void {
  if (!folder) return;
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch {
    throw new CommandError(
      `TMPDIR names ${folder}, which is missing or cannot be written`,
      "Make the folder, or unset TMPDIR.",
    );
  }
}

/**
 * The environment in which Terraform runs.
 *
 * @param base the environment of the command.
 * @param secrets `TF_VAR_*` for the secrets of the environment; a `TF_VAR_*` that the user has set has priority.
 * @param engine which Docker engine to use, see `engineEnvironment()`.
 */
export function terraformEnvironment(base: Environment, secrets: Environment, engine: Environment): Environment {
  const environment: { [name: string]: string | undefined } = {
    ...secrets,
    ...base,
    ...engine,
    TF_IN_AUTOMATION: "1",
    TF_INPUT: "0",
    CHECKPOINT_DISABLE: "1",
  };
  const configuration = environment.TF_CLI_CONFIG_FILE;
  for (const name of FILES_OF_A_STEP) delete environment[name];
  // Terraform warns about a missing file in every call.
  if (configuration !== undefined && !existsSync(configuration)) delete environment.TF_CLI_CONFIG_FILE;
  return environment;
}

/**
 * The environment in which a CDKTF app runs, the same as under `cdktf synth`.
 *
 * @param base the environment of the command.
 * @param output folder for the result, as cdktf.json has it.
 * @param context the `context` of cdktf.json.
 */
export function synthesisEnvironment(base: Environment, output: string, context?: object): Environment {
  // The app must not see the values of Terraform variables: it might write them into its JSON.
  const environment = Object.fromEntries(Object.entries(base).filter(([name]) => !name.startsWith("TF_VAR_")));
  const given = context ?? (base.CDKTF_CONTEXT_JSON ? (JSON.parse(base.CDKTF_CONTEXT_JSON) as object) : {});
  return {
    ...environment,
    NODE_OPTIONS: base.NODE_OPTIONS || "--max-old-space-size=4096",
    CDKTF_OUTDIR: output,
    // Errors stay in the manifest, from which the command prints them.
    CDKTF_CONTINUE_SYNTH_ON_ERROR_ANNOTATIONS: "true",
    CDKTF_CONTEXT_JSON: JSON.stringify({ ...given, cdktfRelativeModules: [] }),
    SYNTH_HCL_OUTPUT: "false",
  };
}

/** The environment of a job of GitHub Actions without its tokens, which neither an app nor a provider needs. */
export function withoutTokens(environment: Environment): Environment {
  return {
    ...environment,
    GITHUB_TOKEN: undefined,
    ACTIONS_RUNTIME_TOKEN: undefined,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: undefined,
  };
}
