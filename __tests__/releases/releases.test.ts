import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Volume } from "@cdktf/provider-docker/lib/volume";
import type { TerraformStack } from "cdktf";
import { packagePath } from "../../lib/values/package-folder";
import { namedResources } from "../support/stacks/named-resources";
import { SHAPES } from "../support/stacks/shapes";
import { mlflowStack, synth } from "../support/stacks/synth";

type Release = { [shape: string]: { [address: string]: string } };

const CHANGELOG = readFileSync(packagePath("CHANGELOG.md"), "utf8");
const RELEASES = readdirSync(__dirname)
  .filter((name) => name.endsWith(".json"))
  .map((name): [string, Release] => [
    name.replace(/\.json$/, ""),
    JSON.parse(readFileSync(join(__dirname, name), "utf8")),
  ]);

/** Resources that Terraform would destroy or rename on the engine, and that the changelog does not name. */
function surprises(released: { [address: string]: string }, stack: TerraformStack, changelog = CHANGELOG): string[] {
  const now = namedResources(stack);
  const { moved = [] } = synth(stack) as { moved?: { from: string; to: string }[] };
  return Object.entries(released).flatMap(([address, name]) => {
    const current = moved.find(({ from }) => from === address)?.to ?? address;
    if (now[current] === name || changelog.includes(`\`${address}\``)) return [];
    return [current in now ? `${address}: '${name}' is called '${now[current]}'` : `${address}: is gone`];
  });
}

describe.each(RELEASES)("An upgrade from release %s", (_version, release) => {
  test.each(Object.keys(release))(
    "keeps every resource of %s, unless the changelog names its address or moveFromId() leads to the new one",
    (name) => {
      const shape = SHAPES[name];

      expect(shape).toBeDefined();
      expect(surprises(release[name] ?? {}, shape?.() as TerraformStack)).toEqual([]);
    },
  );
});

describe("The list of a release", () => {
  const address = "docker_volume.archive";

  test("notices a missing address and a changed name", () => {
    const stack = mlflowStack();
    new Volume(stack, "archive", { name: "new", lifecycle: { preventDestroy: true } });

    expect(surprises({ [address]: "old", "docker_volume.other": "other" }, stack)).toEqual([
      "docker_volume.archive: 'old' is called 'new'",
      "docker_volume.other: is gone",
    ]);
  });

  test("takes an address that the changelog names, and one that was moved", () => {
    const stack = mlflowStack();
    const volume = new Volume(stack, "store", { name: "old", lifecycle: { preventDestroy: true } });

    expect(surprises({ [address]: "old" }, stack, "- `docker_volume.archive` is no longer made.")).toEqual([]);
    volume.moveFromId(address);
    expect(surprises({ [address]: "old" }, stack, "")).toEqual([]);
  });
});
