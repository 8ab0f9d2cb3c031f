import { existsSync } from "node:fs";

/** The environment variables of a process. */
export interface Environment {
  readonly [name: string]: string | undefined;
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
