import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../support/run";
import type { Outcome } from "../support/run";
import { REPOSITORY } from "../support/repository";
import { COMMAND } from "../support/compiled";

jest.setTimeout(2 * 60_000);

const ID = "e2e-terraform-plans";
const SECRET = "jK3sP9wQ2xZ7vB5n";

// An app that only Terraform's built-in provider works on. STEP says which version of it is synthesized.
const MAIN = `
const { App, DataResource, TerraformOutput, TerraformStack, TerraformVariable } = require("cdktf");
const app = new App();
const stack = new TerraformStack(app, "${ID}");
const step = process.env.STEP;
const secret = new TerraformVariable(stack, "secret", { default: "${SECRET}", sensitive: true });
const add = (name) => new DataResource(stack, name, { input: { secret: secret.value } });
add(step === "begin" ? "old" : "new");
if (step === "begin" || step === "move") add("left");
if (step === "move") stack.addOverride("moved", [{ from: "terraform_data.old", to: "terraform_data.new" }]);
if (step === "forget")
  stack.addOverride("removed", [{ from: "terraform_data.left", lifecycle: { destroy: false } }]);
if (step === "import") {
  new DataResource(stack, "taken");
  stack.addOverride("import", [{ to: "terraform_data.taken", id: "some-id" }]);
}
if (step === "check")
  stack.addOverride("check", {
    up: { assert: [{ condition: "\${terraform_data.new.id == 1}", error_message: "MLflow does not answer." }] },
  });
if (step === "output") new TerraformOutput(stack, "greeting", { value: "hello" });
app.synth();
`;

const folder = mkdtempSync(join(tmpdir(), "mlflow-plans-"));
const planFile = join(folder, "plan");

beforeAll(() => {
  symlinkSync(join(REPOSITORY, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "cdktf.json"), JSON.stringify({ language: "typescript", app: "node main.js" }));
  writeFileSync(join(folder, "main.js"), MAIN);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function command(step: string, args: string[], env: { [name: string]: string | undefined } = {}): Promise<Outcome> {
  return run(process.execPath, [COMMAND, ...args], {
    cwd: folder,
    env: { STEP: step, ...env },
  });
}

async function ok(...args: Parameters<typeof command>): Promise<string> {
  const { code, stdout, stderr } = await command(...args);
  if (code !== 0) throw new Error(`mlflow-stack ${args[1].join(" ")} ended with ${code}:\n${stdout}\n${stderr}`);
  return stdout + stderr;
}

const up = (step: string, env = {}) => ok(step, ["up", "--yes", "--online"], env);

function inState(): string[] {
  const state = JSON.parse(readFileSync(join(folder, `terraform.${ID}.tfstate`), "utf8")) as {
    resources: { name: string }[];
  };
  return state.resources.map(({ name }) => name).sort();
}

async function planned(step: string): Promise<string> {
  rmSync(planFile, { force: true });
  rmSync(`${planFile}.json`, { force: true });
  return ok(step, ["plan", "--out", planFile]);
}

describe("A change that only the state shows", () => {
  beforeAll(() => up("begin"));

  test("as a move is told and applied by 'up'", async () => {
    expect(await up("move")).toContain(`Stack '${ID}': 1 to move.\n  move terraform_data.old to terraform_data.new`);
    expect(inState()).toEqual(["left", "new"]);
    expect(await up("move")).toContain("Nothing to change.");
  });

  test("as an object that is forgotten is told by 'plan' with Terraform's warning, and applied by 'apply'", async () => {
    const told = await planned("forget");
    expect(told).toContain(`Stack '${ID}': 1 to forget.\n  forget terraform_data.left`);
    expect(told).toContain("Warning: Some objects will no longer be managed by Terraform");

    await ok("forget", ["apply", planFile, "--yes"]);
    expect(inState()).toEqual(["new"]);
  });

  test("as an import is told by 'plan' and 'review', and applied by 'apply'", async () => {
    expect(await planned("import")).toContain("1 to import.\n  import terraform_data.taken");
    expect(await ok("import", ["review", planFile])).toContain("In Terraform's state: 1 imported.");

    await ok("import", ["apply", planFile, "--yes"]);
    expect(inState()).toEqual(["new", "taken"]);
  });

  test("as an output is told and applied", async () => {
    await up("end");
    expect(await up("output")).toContain(`Stack '${ID}': outputs only.\n  create the output greeting`);
    expect(await planned("end")).toContain("  delete the output greeting");
    expect(await ok("end", ["review", planFile])).toContain("output greeting: deleted");
    await ok("end", ["apply", planFile, "--yes"]);
  });

  test("as a refresh is told as that", async () => {
    const stackFolder = join(folder, "cdktf.out", "stacks", ID);
    const refresh = await run("terraform", ["plan", "-refresh-only", `-out=${planFile}`], { cwd: stackFolder });
    expect(refresh.code).toBe(0);
    expect(await ok("end", ["review", planFile])).toContain("Nothing changes.");
  });
});

describe("A check of the app that fails", () => {
  const failure = /check\.up'? fails: '?MLflow does not answer\./;

  test("is told by 'up', 'plan' and 'review'", async () => {
    expect(await up("check")).toMatch(failure);
    expect(await planned("check")).toMatch(failure);
    expect(await ok("check", ["review", planFile])).toMatch(failure);
  });
});

describe("In an environment with settings for Terraform", () => {
  test("arguments that ask for status 2 do no harm", async () => {
    await up("begin");
    expect(await up("end", { TF_CLI_ARGS: "-no-color", TF_CLI_ARGS_plan: "-detailed-exitcode" })).toContain(
      "1 to create",
    );
  });

  test("arguments that Terraform refuses are named, without their values", async () => {
    const { code, stderr } = await command("end", ["up", "--yes", "--online"], {
      TF_CLI_ARGS_plan: `-nonsense=${SECRET}`,
    });
    expect(code).toBe(1);
    expect(stderr).toContain("flag provided but not defined: -nonsense");
    expect(stderr).toContain("Terraform also got the arguments in TF_CLI_ARGS_plan: unset it");
    expect(stderr).not.toContain(SECRET);
  });

  test.each(["relative", "absolute"])("a TF_DATA_DIR that is %s is used by 'review' too", async (kind) => {
    rmSync(join(folder, "cdktf.out"), { recursive: true, force: true });
    const env = { TF_DATA_DIR: kind === "relative" ? ".elsewhere" : join(folder, "elsewhere") };
    rmSync(planFile, { force: true });
    await ok("output", ["plan", "--out", planFile], env);

    expect(await ok("output", ["review", planFile], env)).toContain("output greeting: created");
    const { stderr } = await command("output", ["review", planFile]);
    expect(stderr).toContain("without the providers in it Terraform reads no saved plan");
  });
});

// What releases before 3, and release 3 of hashicorp/setup-terraform put before Terraform.
const WRAPPERS = {
  old: `terraform "$@"; code=$?
printf '\\n::debug::Terraform exited with code %s.\\n::set-output name=stdout::\\n' "$code"
exit "$code"`,
  new: `copy=$(terraform "$@"); code=$?
printf '%s\\n' "$copy"
if [ -n "$GITHUB_OUTPUT" ]; then printf 'stdout<<end\\n%s\\nend\\n' "$copy" >>"$GITHUB_OUTPUT"
else printf '\\n::set-output name=stdout::%s\\n' "$copy"; fi
exit "$code"`,
};

describe("The wrapper of setup-terraform", () => {
  test.each(Object.entries(WRAPPERS))("of an %s release is named, and gets no plan", async (name, script) => {
    const wrapper = join(folder, name, "terraform");
    const output = join(folder, `${name}.output`);
    mkdirSync(join(folder, name));
    writeFileSync(wrapper, `#!/bin/sh\n${script}\n`);
    chmodSync(wrapper, 0o755);
    writeFileSync(output, "");
    rmSync(planFile, { force: true });

    const { code, stderr } = await command("begin", ["plan", "--out", planFile], {
      TERRAFORM_BINARY_NAME: wrapper,
      GITHUB_OUTPUT: output,
    });

    expect(code).toBe(1);
    expect(stderr).toContain("is the wrapper of setup-terraform");
    expect(stderr).toContain("terraform_wrapper: false");
    expect(readFileSync(output, "utf8")).toBe("");
    expect(existsSync(planFile)).toBe(false);
  });
});
