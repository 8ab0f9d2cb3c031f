import { rmSync } from "node:fs";
import { join } from "node:path";
import { RELEASES } from "../../lib/values/releases";
import { openTofuFile } from "../../offline";
import { COMMAND } from "../support/compiled";
import { runOk } from "../support/run";
import { Deployment, removeLeftovers } from "../support/stacks/deployment";

// Building OpenTofu takes some nine minutes of processor time.
jest.setTimeout(60 * 60_000);

const ID = "e2e-opentofu";
const OPENTOFU = openTofuFile();
const ENCRYPTION = `
key_provider "pbkdf2" "passphrase" { passphrase = "of the tests, and of nobody else" }
method "aes_gcm" "passphrase" { keys = key_provider.pbkdf2.passphrase }
plan { method = method.aes_gcm.passphrase }
`;
const stack = new Deployment(ID, 18097, { TERRAFORM_BINARY_NAME: OPENTOFU });
const plan = join(stack.folder, "saved.tfplan");

beforeAll(async () => {
  await removeLeftovers(ID);
  await runOk(process.execPath, [COMMAND, "offline", "--only", "opentofu", "--yes"]);
});

afterAll(async () => {
  await removeLeftovers(ID);
  rmSync(stack.folder, { recursive: true, force: true });
});

describe("With OpenTofu in place of Terraform", () => {
  test("it is the release that 'up' gets", async () => {
    expect(await runOk(OPENTOFU, ["version"])).toContain(`OpenTofu v${RELEASES.opentofu.version}`);
  });

  test("a stack comes up, and its own checks pass", async () => {
    const { code, stdout, stderr } = await stack.command(["up", "--yes"]);

    expect({ code, ready: stdout.includes("MLflow is ready.") }).toEqual({ code: 0, ready: true });
    expect(stderr).toMatch(
      /^(Warning: \S+ cannot be reached: Terraform uses the providers that were built here\.\n)?$/,
    );
    expect(await stack.commandOk(["verify"])).not.toContain("FAILED");
  });

  test("a second plan is empty", async () => {
    expect(await stack.plan()).toEqual({});
    expect(await stack.commandOk(["up", "--yes"])).toContain("Nothing to change.");
  });

  test("a changed setting is planned, reviewed and applied with an encrypted plan", async () => {
    const changed = { MLFLOW_TRANSFERS: "proxied", TF_ENCRYPTION: ENCRYPTION };
    await stack.commandOk(["plan", "--out", plan], changed);

    expect(await stack.command(["review", plan])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("is a plan that OpenTofu has encrypted"),
    });
    expect(await stack.commandOk(["review", plan], changed)).toContain(`${ID}-gateway`);
    await stack.commandOk(["apply", plan, "--yes"], changed);

    expect(await runOk("docker", ["inspect", "--format", "{{.Config.Env}}", `${ID}-gateway`])).toContain(
      "TRANSFERS=proxied",
    );
    expect(await stack.plan(changed)).toEqual({});
  });

  test("the stack is removed with its data, and nothing is left", async () => {
    await stack.commandOk(["down", "--delete-data", "--yes", "--confirm", ID]);

    const lists = ["ps --all --format {{.Names}}", "network ls --format {{.Name}}", "volume ls --format {{.Name}}"];
    const names = await Promise.all(lists.map((list) => runOk("docker", list.split(" "))));
    expect(
      names
        .join("")
        .split("\n")
        .filter((name) => name.startsWith(`${ID}-`)),
    ).toEqual([]);
  });
});
