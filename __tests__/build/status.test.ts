import { writeFileSync } from "node:fs";
import { FakeStack } from "../support/interrupted/fake-stack";

// Each test starts programs.
jest.setTimeout(60_000);

describe("'status --show-password'", () => {
  const stack = new FakeStack();

  beforeAll(() =>
    writeFileSync(
      stack.stateFile,
      JSON.stringify({
        version: 4,
        serial: 1,
        lineage: "fake",
        outputs: { password: { value: "first-of-ada" }, passwords: { value: { ada: "first-of-ada", ci: "of-ci" } } },
        resources: [],
      }),
      { mode: 0o600 },
    ),
  );

  afterAll(() => stack.remove());

  test.each([
    ["the first admin's password", [], "first-of-ada\n"],
    ["a user's password", ["--user", "ci"], "of-ci\n"],
  ])("prints %s, and nothing else", async (_whose, options, printed) => {
    expect(await stack.run("status", "--show-password", ...options)).toEqual({ code: 0, stdout: printed, stderr: "" });
  });

  test("names the users that have a password if another one is asked for", async () => {
    const { code, stdout, stderr } = await stack.run("status", "--show-password", "--user", "eve");

    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("has no password of 'eve'");
    expect(stderr).toContain("It has those of: ada, ci.");
  });
});
