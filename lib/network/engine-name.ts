import type { DockerProvider } from "@cdktf/provider-docker/lib/provider";
import { TerraformStack } from "cdktf";
import type { IConstruct, Construct } from "constructs";
import { ValidationError } from "../values/errors";
import { physicalName } from "../values/physical-name";

const OWNERS = new WeakMap<IConstruct, Map<string, Owner>>();

/** What has a name on an engine. */
export interface Owner {
  readonly path: string;
  readonly stack: TerraformStack;
}

/** The engine of a stack, as far as an app tells engines apart. */
export function engineOf(construct: IConstruct): string {
  const provider = TerraformStack.of(construct)
    .allProviders()
    .find(({ terraformResourceType }) => terraformResourceType === "docker") as DockerProvider | undefined;
  return provider?.host ?? provider?.context ?? "default";
}

/**
 * The name of a Docker object, which no other object of its kind has on the engine.
 *
 * @throws ValidationError when another construct of the app has that name: `prod_a` and `prod-a` are both `prod-a`, and
 * Docker would give both stacks the same volume.
 */
export function engineName(kind: "container" | "network" | "volume", construct: Construct, suffix?: string): string {
  const name = physicalName(construct, suffix);
  const { root } = construct.node;
  const owners = OWNERS.get(root) ?? new Map<string, Owner>();
  OWNERS.set(root, owners);

  const key = keyOf(kind, name, construct);
  const path = [construct.node.path, suffix].join("/");
  const owner = owners.get(key)?.path ?? path;
  if (owner !== path) {
    throw new ValidationError(
      "NameTwice",
      `'${construct.node.path}' and '${owner.replace(/\/$/, "")}' must not have the same name on the engine, '${name}'; rename one of them`,
      construct,
    );
  }
  owners.set(key, { path, stack: TerraformStack.of(construct) });
  return name;
}

/** What has a name on the engine of a stack, if the app has given the name. */
export function ownerOf(kind: "volume", name: string, stack: TerraformStack): Owner | undefined {
  const owner = OWNERS.get(stack.node.root)?.get(keyOf(kind, name, stack));
  return owner && { ...owner, path: owner.path.replace(/\/$/, "") };
}

function keyOf(kind: string, name: string, construct: IConstruct): string {
  return `${engineOf(construct)} ${kind} ${name}`;
}
