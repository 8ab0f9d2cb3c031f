import type { TerraformStack } from "cdktf";
import { synth } from "./synth";

// what holds data or is known to clients by its name; images are named after releases, and change with them.
const NAMED = ["docker_container", "docker_network", "docker_volume"];

/** Each address of a stack, with its name on the engine where a change of it would be felt. */
export function namedResources(stack: TerraformStack): { [address: string]: string } {
  const entries = Object.entries(synth(stack).resource).flatMap(([type, byName]) =>
    Object.entries(byName).map(
      ([id, { name }]) => [`${type}.${id}`, NAMED.includes(type) ? String(name) : ""] as const,
    ),
  );
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
