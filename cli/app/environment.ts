import { existsSync } from "node:fs";

/** Variables of a process. */
export interface Environment {
  readonly [name: string]: string | undefined;
}

// below this a value is a word that texts may have for other reasons.
const SHORTEST_SECRET = 6;
const SECRET_NAME = /PASSWORD|PASSWD|SECRET|TOKEN|ACCESS_KEY|PRIVATE_KEY|^TF_VAR_/i;

/**
 * The environment in which Terraform runs.
 *
 * @param base the environment of the command.
 * @param secrets `TF_VAR_*` for the secrets of the environment; a `TF_VAR_*` of the user's own wins.
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
  // Terraform would warn about it in every call.
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
  // values of variables are for Terraform only: an app that sees them might write them into its JSON.
  const environment = Object.fromEntries(Object.entries(base).filter(([name]) => !name.startsWith("TF_VAR_")));
  const given = context ?? (base.CDKTF_CONTEXT_JSON ? (JSON.parse(base.CDKTF_CONTEXT_JSON) as object) : {});
  return {
    ...environment,
    NODE_OPTIONS: base.NODE_OPTIONS || "--max-old-space-size=4096",
    CDKTF_OUTDIR: output,
    // they are in the manifest, from which the command prints them.
    CDKTF_CONTINUE_SYNTH_ON_ERROR_ANNOTATIONS: "true",
    CDKTF_CONTEXT_JSON: JSON.stringify({ ...given, cdktfRelativeModules: [] }),
    SYNTH_HCL_OUTPUT: "false",
  };
}

/** The environment of a job of GitHub Actions without its rights at GitHub, which an app and a provider do not need. */
export function withoutTokens(environment: Environment): Environment {
  return {
    ...environment,
    GITHUB_TOKEN: undefined,
    ACTIONS_RUNTIME_TOKEN: undefined,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: undefined,
  };
}

/** Takes the secrets of an environment out of what other programs print. */
export class Redaction {
  readonly #secrets: Set<string>;

  constructor(environment: Environment) {
    this.#secrets = new Set();
    for (const [name, value] of Object.entries(environment)) if (SECRET_NAME.test(name)) this.add(value);
    this.add(passwordOf(environment.DB_URL));
  }

  /** Takes out this value from now on, too. */
  public add(value: string | undefined): void {
    if (value === undefined || value.length < SHORTEST_SECRET) return;
    for (const form of [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)]) this.#secrets.add(form);
  }

  public apply(text: string): string {
    if (this.#secrets.size === 0) return text;
    // the longest first: one secret may be a part of another, or of the word that replaces it.
    const secrets = [...this.#secrets].sort((a, b) => b.length - a.length);
    const pattern = secrets.map((secret) => secret.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)).join("|");
    return text.replaceAll(new RegExp(pattern, "g"), "<secret>");
  }
}

function passwordOf(address: string | undefined): string | undefined {
  if (!address || !URL.canParse(address)) return undefined;
  const { password } = new URL(address);
  try {
    return decodeURIComponent(password);
  } catch {
    return password;
  }
}
