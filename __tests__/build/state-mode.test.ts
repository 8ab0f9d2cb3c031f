import { chmodSync, statSync } from "node:fs";
import { FakeStack } from "../support/interrupted/fake-stack";

// Each test starts programs.
jest.setTimeout(120_000);

test("A state that everybody may read is this user's alone after a command, which says so once", async () => {
  const stack = new FakeStack();
  const mode = () => (statSync(stack.stateFile).mode & 0o777).toString(8);
  try {
    await stack.run("up", "--yes");
    expect(mode()).toBe("600");

    // As plain Terraform leaves it.
    chmodSync(stack.stateFile, 0o644);
    const first = await stack.run("status");
    expect([mode(), first.stderr]).toEqual(["600", expect.stringContaining(`${stack.stateFile} had mode 644`)]);

    expect((await stack.run("status")).stderr).not.toContain("had mode");
  } finally {
    stack.remove();
  }
});
