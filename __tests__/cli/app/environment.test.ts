import { join } from "node:path";
import {
  argumentsOf,
  requireTemporaryFolder,
  synthesisEnvironment,
  terraformEnvironment,
  withoutArguments,
  withoutTokens,
} from "../../../cli/app/environment";

describe("the environment of Terraform", () => {
  test("holds the secrets, the engine and the settings that keep Terraform from asking", () => {
    const environment = terraformEnvironment(
      { PATH: "/bin" },
      { TF_VAR_auth_password: "x" },
      { DOCKER_HOST: "ssh://h" },
    );

    expect(environment).toEqual({
      PATH: "/bin",
      TF_VAR_auth_password: "x",
      DOCKER_HOST: "ssh://h",
      TF_IN_AUTOMATION: "1",
      TF_INPUT: "0",
      CHECKPOINT_DISABLE: "1",
    });
  });

  test("leaves a variable that the user has set for Terraform as it is", () => {
    const environment = terraformEnvironment({ TF_VAR_auth_password: "theirs" }, { TF_VAR_auth_password: "ours" }, {});

    expect(environment.TF_VAR_auth_password).toBe("theirs");
  });

  test("leaves out a configuration file that does not exist, and keeps one that does", () => {
    expect(terraformEnvironment({ TF_CLI_CONFIG_FILE: "/no/such/file" }, {}, {})).not.toHaveProperty(
      "TF_CLI_CONFIG_FILE",
    );
    expect(terraformEnvironment({ TF_CLI_CONFIG_FILE: __filename }, {}, {}).TF_CLI_CONFIG_FILE).toBe(__filename);
  });
});

describe("an environment with settings for Terraform", () => {
  test("has no file that GitHub Actions reads after a step: a wrapper would write the plan there", () => {
    const files = ["GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"];
    const job = Object.fromEntries(files.map((name) => [name, "/file"]));

    expect(Object.keys(terraformEnvironment({ ...job, GITHUB_ACTIONS: "true" }, {}, {}))).toEqual(
      expect.arrayContaining(["GITHUB_ACTIONS"]),
    );
    for (const name of files) expect(terraformEnvironment(job, {}, {})).not.toHaveProperty(name);
  });

  test("names the variables with arguments of a command, and not those of another", () => {
    const environment = { TF_CLI_ARGS: "-x", TF_CLI_ARGS_plan: "-y", TF_CLI_ARGS_apply: "", TF_DATA_DIR: "d" };

    expect(argumentsOf("plan", environment)).toContain("TF_CLI_ARGS and TF_CLI_ARGS_plan:");
    expect(argumentsOf("apply", environment)).toContain("in TF_CLI_ARGS:");
    expect(argumentsOf("apply", { TF_CLI_ARGS_plan: "-y" })).toBeUndefined();
    expect(withoutArguments(environment)).toEqual({ TF_DATA_DIR: "d" });
  });

  test("must have the folder for temporary files that it names", () => {
    const missing = join(__dirname, "nowhere");

    expect(() => requireTemporaryFolder({ TMPDIR: missing })).toThrow(`TMPDIR names ${missing}, which is missing`);
    expect(() => requireTemporaryFolder({ TMPDIR: __dirname })).not.toThrow();
    expect(() => requireTemporaryFolder({})).not.toThrow();
  });
});

describe("the environment of the app", () => {
  test("is that of cdktf synth, without values for Terraform", () => {
    const base = { PATH: "/bin", TF_VAR_auth_password: "x", NODE_OPTIONS: "--max-old-space-size=512" };

    expect(synthesisEnvironment(base, "cdktf.out", { stage: "test" })).toEqual({
      PATH: "/bin",
      NODE_OPTIONS: "--max-old-space-size=512",
      CDKTF_OUTDIR: "cdktf.out",
      CDKTF_CONTINUE_SYNTH_ON_ERROR_ANNOTATIONS: "true",
      CDKTF_CONTEXT_JSON: '{"stage":"test","cdktfRelativeModules":[]}',
      SYNTH_HCL_OUTPUT: "false",
    });
  });

  test("passes on the caller's context if cdktf.json has none", () => {
    const { CDKTF_CONTEXT_JSON } = synthesisEnvironment({ CDKTF_CONTEXT_JSON: '{"a":1}' }, "out");

    expect(CDKTF_CONTEXT_JSON).toBe('{"a":1,"cdktfRelativeModules":[]}');
  });
});

test("an app in a job of GitHub Actions gets everything but the job's rights", () => {
  const job = { GITHUB_TOKEN: "a", ACTIONS_RUNTIME_TOKEN: "b", ACTIONS_ID_TOKEN_REQUEST_TOKEN: "c", MLFLOW_URL: "d" };

  expect(Object.entries(withoutTokens(job)).filter(([, value]) => value !== undefined)).toEqual([["MLFLOW_URL", "d"]]);
});
