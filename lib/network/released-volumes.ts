import { TerraformElement, TerraformStack } from "cdktf";
import type { Construct } from "constructs";

const OF_STACK = new WeakMap<TerraformStack, ReleasedVolumes>();

/**
 * Volumes that Terraform takes out of a state without deleting them: they were resources of a stack once, and are not
 * any more. A state that does not have them stays as it is.
 */
export class ReleasedVolumes extends TerraformElement {
  /** Lets the stack of `scope` release the `docker_volume` of this name in its state, such as `minio_data_FB897F14`. */
  public static add(scope: Construct, name: string): void {
    const stack = TerraformStack.of(scope);
    const released = OF_STACK.get(stack) ?? new ReleasedVolumes(stack, "released-volumes");
    OF_STACK.set(stack, released);
    released.#addresses.add(`docker_volume.${name}`);
  }

  readonly #addresses = new Set<string>();

  public override toTerraform(): object {
    return {
      // `removed` with `destroy = false` is in Terraform since 1.7.
      terraform: { required_version: ">= 1.7" },
      removed: [...this.#addresses].sort().map((from) => ({ from, lifecycle: { destroy: false } })),
    };
  }
}
