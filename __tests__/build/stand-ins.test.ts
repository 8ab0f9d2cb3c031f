import { rmSync } from "node:fs";
import { join } from "node:path";
import { offlineEnvironment } from "../../offline";
import { FakeStack } from "../support/interrupted/fake-stack";

// Each test starts programs.
jest.setTimeout(120_000);

const BUILT = offlineEnvironment().POSTGRES_IMAGE ?? "";
const OFFICIAL = "postgres:18.6-trixie";

describe("A deployed stack whose output folder is gone", () => {
  let stack: FakeStack;

  afterEach(() => stack.remove());

  async function deployed(image: string): Promise<void> {
    stack = new FakeStack();
    stack.setDatabaseImage(image);
    expect(await stack.run("up", "--yes", "--allow-access")).toMatchObject({ code: 0 });
    rmSync(join(stack.folder, "cdktf.out"), { recursive: true });
  }

  test.each([
    ["built here", BUILT, OFFICIAL],
    ["official", OFFICIAL, BUILT],
  ])("keeps the image of its database that is %s, also with '--yes' and by a saved plan", async (_, before, after) => {
    await deployed(before);
    stack.setDatabaseImage(after);
    const { state } = stack.objects;

    const { code, stderr } = await stack.run("up", "--yes", "--allow-access");
    expect([code, stderr]).toEqual([1, expect.stringContaining("does not start on the data of the other one")]);
    expect(stderr).toContain(`To keep it: POSTGRES_IMAGE=${before}`);

    const planned = await stack.run("plan", "--out", "saved.tfplan");
    expect([planned.code, planned.stderr]).toEqual([0, expect.stringContaining("Warning: fake-postgres gets")]);
    expect(await stack.run("apply", "saved.tfplan", "--yes", "--allow-access")).toMatchObject({ code: 1 });
    expect(stack.objects).toEqual({ engine: state, state });
  });

  test("gets another image of its database if that is named", async () => {
    await deployed(BUILT);
    stack.setDatabaseImage(OFFICIAL);
    Object.assign(stack.variables, { POSTGRES_IMAGE: OFFICIAL });

    const { stderr } = await stack.run("up", "--allow-access");

    expect(stderr).toContain(`Warning: fake-postgres gets ${OFFICIAL} (not built here) in place of ${BUILT}`);
    expect(stderr).toContain("Apply this? There is no terminal to ask on.");
  });
});
