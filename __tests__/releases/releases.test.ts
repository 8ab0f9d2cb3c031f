import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Network } from "@cdktf/provider-docker/lib/network";
import type { TerraformStack } from "cdktf";
import { packagePath } from "../../lib/values/package-folder";
import { namedResources } from "../support/stacks/named-resources";
import { SHAPES } from "../support/stacks/shapes";
import { mlflowStack, synth } from "../support/stacks/synth";

interface Refactored {
  readonly moved?: { from: string; to: string }[];
  readonly removed?: { from: string; lifecycle: { destroy: boolean } }[];
  readonly resource: { docker_container?: { [name: string]: { volumes?: { volume_name?: string }[] } } };
}

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
  const { moved = [], removed = [], resource } = synth(stack) as Refactored;
  const mounted = Object.values(resource.docker_container ?? {}).flatMap(({ volumes = [] }) => volumes);
  return Object.entries(released).flatMap(([address, name]) => {
    const current = moved.find(({ from }) => from === address)?.to ?? address;
    if (now[current] === name || changelog.includes(`\`${address}\``)) return [];
    const isReleased = removed.some(({ from, lifecycle }) => from === address && lifecycle.destroy === false);
    if (isReleased && mounted.some(({ volume_name }) => volume_name === name)) return [];
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
  const address = "docker_network.archive";

  test("notices a missing address and a changed name", () => {
    const stack = mlflowStack();
    new Network(stack, "archive", { name: "new" });

    expect(surprises({ [address]: "old", "docker_network.other": "other" }, stack)).toEqual([
      "docker_network.archive: 'old' is called 'new'",
      "docker_network.other: is gone",
    ]);
  });

  test("takes an address that the changelog names, and one that was moved", () => {
    const stack = mlflowStack();
    const network = new Network(stack, "store", { name: "old" });

    expect(surprises({ [address]: "old" }, stack, "- `docker_network.archive` is no longer made.")).toEqual([]);
    network.moveFromId(address);
    expect(surprises({ [address]: "old" }, stack, "")).toEqual([]);
  });

  test("notices a volume that is let go of and not used any more", () => {
    const released = { "docker_volume.postgres_data-17_61EAD25B": "mlflow-postgres-data-17" };

    expect(surprises(released, mlflowStack(), "")).toEqual(["docker_volume.postgres_data-17_61EAD25B: is gone"]);
  });
});
