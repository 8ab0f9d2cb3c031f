import { NODE_TYPESCRIPT } from "../support/repository";
import { packagePath } from "../../lib/values/package-folder";
import { run } from "../support/run";

jest.setTimeout(10 * 60_000);

describe("With cdktn in place of cdktf", () => {
  test("the project compiles, and the library's unit tests pass", async () => {
    const [node = "", ...loader] = NODE_TYPESCRIPT;
    const { code, stdout, stderr } = await run(node, [...loader, packagePath("__tests__", "cdktn", "run.ts")]);

    if (code !== 0) throw new Error(`${stdout}\n${stderr}`);
    expect(stdout).toMatch(/\d+ passed, 0 failed/);
  });
});
