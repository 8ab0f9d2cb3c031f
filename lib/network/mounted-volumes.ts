import {
  DefaultTokenResolver,
  StringConcat,
  TerraformElement,
  TerraformResource,
  TerraformStack,
  Tokenization,
} from "cdktf";
import type { Construct } from "constructs";
import { MOUNTED_VOLUMES, VOLUME_RECORD } from "../contract/volume-record";
import { isAccepted } from "../guard/accepted";
import { GuardRule } from "../guard/guard-rule";
import { blocks } from "../guard/terraform-block";
import type { Block } from "../guard/terraform-block";
import { ownerOf } from "./engine-name";

const OF_STACK = new WeakMap<TerraformStack, MountedVolumes>();
const RESOLVER = new DefaultTokenResolver(new StringConcat());

/**
 * The volumes that only the containers of a stack name. A record in the state says that the stack uses them, also while
 * it has no containers.
 */
export class MountedVolumes extends TerraformElement {
  /** Records the volumes of the stack of `scope`. */
  public static record(scope: Construct): void {
    const stack = TerraformStack.of(scope);
    if (!OF_STACK.has(stack)) OF_STACK.set(stack, new MountedVolumes(stack, "mounted-volumes"));
  }

  private constructor(
    private readonly stack: TerraformStack,
    id: string,
  ) {
    super(stack, id);
    this.node.addValidation({ validate: () => this.problems() });
  }

  public override toTerraform(): object {
    const own = new Set(
      this.resources("docker_volume").flatMap((volume) => {
        const { name } = read(volume, ["name"]);
        return typeof name === "string" ? [name] : [];
      }),
    );
    const names = this.mounts()
      .map(({ name }) => name)
      .filter((name) => !own.has(name) && ownerOf("volume", name, this.stack)?.stack !== this.stack);
    if (names.length === 0) return {};
    const input = { [MOUNTED_VOLUMES]: [...new Set(names)].sort() };
    return { resource: { [VOLUME_RECORD]: { mounted_volumes: { input } } } };
  }

  private problems(): string[] {
    return this.mounts().flatMap(({ container, name }) => {
      const owner = ownerOf("volume", name, this.stack);
      if (!owner || owner.stack === this.stack || isAccepted(container, GuardRule.UNPROTECTED_VOLUME)) return [];
      return [
        `${GuardRule.UNPROTECTED_VOLUME}: '${container.node.path}' mounts '${name}', the volume of '${owner.path}' in another stack; name another one. To accept it: StackGuard.accept(construct, GuardRule.UNPROTECTED_VOLUME, "why")`,
      ];
    });
  }

  private mounts(): { container: TerraformResource; name: string }[] {
    return this.resources("docker_container").flatMap((container) => {
      const { volumes, mounts } = read(container, ["volumes", "mounts"]);
      const names = [
        ...blocks(volumes).map(({ volume_name }) => volume_name),
        ...blocks(mounts).map(({ type, source }) => type === "volume" && source),
      ];
      // A reference is the name of a resource, which tells of itself.
      return names.flatMap((name) =>
        typeof name === "string" && name !== "" && !name.includes("${") ? [{ container, name }] : [],
      );
    });
  }

  private resources(type: string): TerraformResource[] {
    return this.stack.node
      .findAll()
      .filter((node) => TerraformResource.isTerraformResource(node))
      .filter(({ terraformResourceType }) => terraformResourceType === type);
  }
}

function read(resource: TerraformResource, attributes: string[]): Block {
  const { resource: byType } = resource.toTerraform() as { resource?: { [type: string]: { [id: string]: Block } } };
  const all = byType?.[resource.terraformResourceType]?.[resource.friendlyUniqueId] ?? {};
  const block = Object.fromEntries(attributes.map((attribute) => [attribute, all[attribute]]));
  return Tokenization.resolve(block, { scope: resource, resolver: RESOLVER, preparing: false }) as Block;
}
