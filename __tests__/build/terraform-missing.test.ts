import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { openTofuFile } from "../../offline";
import { FakeStack } from "../support/interrupted/fake-stack";

// Starts programs.
jest.setTimeout(120_000);

let stack: FakeStack;
let terraform: string;

beforeEach(() => {
  const variables: { [name: string]: string } = {};
  stack = new FakeStack(variables);
  terraform = join(stack.folder, "bin", "terraform");
  // Without a Terraform of this machine.
  variables.PATH = [join(stack.folder, "bin"), dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter);
});

afterEach(() => stack.remove());

test("'up' offers to get OpenTofu where neither Terraform nor OpenTofu is installed, and makes nothing before an answer", async () => {
  rmSync(terraform);

  const { code, stdout, stderr } = await stack.run("up");

  expect(stdout).toContain("Neither Terraform nor OpenTofu is installed.");
  expect([code, stderr]).toEqual([1, expect.stringContaining("Download OpenTofu")]);
  expect(stack.objects).toEqual({ engine: [], state: [] });
});

test("the OpenTofu that 'up' has got is used by every command", async () => {
  const file = join(stack.folder, "cache", "cdktf-mlflow", "bin", basename(openTofuFile()));
  mkdirSync(dirname(file), { recursive: true });
  copyFileSync(terraform, file);
  rmSync(terraform);

  expect(await stack.run("up", "--yes")).toMatchObject({ code: 0 });
  expect(stack.objects.engine).toHaveLength(stack.names.length);
  expect(await stack.run("down", "--yes")).toMatchObject({ code: 0 });
  expect(stack.objects.engine).toEqual([]);
});
