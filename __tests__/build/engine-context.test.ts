import { FakeStack } from "../support/interrupted/fake-stack";

// Starts programs.
jest.setTimeout(60_000);

test.each([["status"], ["up", "--yes"]])(
  "a Docker context that does not exist ends '%s': Terraform would use the default engine, and no other is installed",
  async (...command) => {
    const stack = new FakeStack({ DOCKER_CONTEXT: "gone" });

    const { code, stdout, stderr } = await stack.run(...command);

    expect([code, stderr]).toEqual([1, expect.stringContaining("Docker has no context 'gone'")]);
    expect(stdout).not.toContain("Install Docker Engine");
    stack.remove();
  },
);
