import { CommandError } from "../../../cli/console/command-error";
import type { GitHub } from "../../../cli/pull-request/github";
import { Labels } from "../../../cli/pull-request/labels";

const NAMES = { dataLoss: "allow-data-loss", dangerousAccess: "allow-access" };
const WRITERS = ["ada"];

/** The labels of a pull request, by who has set them. */
function labels(set: { [label: string]: string }): Labels {
  const github: Pick<GitHub, "labelledBy" | "canWrite" | "removeLabel"> = {
    labelledBy: async (_number, label) => set[label],
    canWrite: async (who) => WRITERS.includes(who),
    removeLabel: async (_number, label) => {
      delete set[label];
    },
  };
  return new Labels(github as GitHub, 2, NAMES);
}

describe("Labels of a pull request", () => {
  test.each<[string, { [label: string]: string }, string[]]>([
    ["without any label", {}, ["dataLoss", "dangerousAccess"]],
    ["with the label for data alone", { "allow-data-loss": "ada" }, ["dangerousAccess"]],
    ["with the label for access alone", { "allow-access": "ada" }, ["dataLoss"]],
    ["with both", { "allow-access": "ada", "allow-data-loss": "ada" }, []],
    ["of somebody who may only read", { "allow-access": "tom", "allow-data-loss": "ada" }, ["dangerousAccess"]],
  ])("%s allow what they are for, and nothing else", async (_what, set, refused) => {
    expect(await labels(set).refused(["dataLoss", "dangerousAccess"])).toEqual(refused);
  });

  test("are asked for by name, in the comment and at the end of the job", () => {
    const one = labels({});
    expect(one.comment(["dangerousAccess"])).toBe(
      "**This opens a dangerous access.** Merging does not apply it, unless somebody with write access adds the label `allow-access`.",
    );
    expect(one.comment(["dataLoss", "dangerousAccess"])).toContain("the labels `allow-data-loss` and `allow-access`");
    expect(one.error(["dangerousAccess"])).toMatchObject({ exitCode: 4 });
    expect(one.error(["dataLoss", "dangerousAccess"])).toMatchObject({ exitCode: 2 });
    expect(one.error(["dataLoss"])).toBeInstanceOf(CommandError);
  });

  test("are all taken off when they were for an earlier plan", async () => {
    const set = { "allow-access": "ada", "allow-data-loss": "tom", bug: "ada" };
    await labels(set).revoke();

    expect(set).toEqual({ bug: "ada" });
  });
});
