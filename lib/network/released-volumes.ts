import { TerraformElement, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { ValidationError } from "../values/errors";

const OF_STACK = new WeakMap<TerraformStack, ReleasedVolumes>();

/**
 * Volumes that Terraform takes out of a state without deleting them: they were resources of a stack once, and no
 * longer are. A state that does not have them stays as it is.
 */
export class ReleasedVolumes extends TerraformElement {
  /**
   * Lets a stack release a `docker_volume` that is no longer in its code. The volume stays on the engine with its data,
   * whatever command applies that.
   *
   * @param scope a construct of the stack.
   * @param address address of the volume in the state, such as `docker_volume.notebooks`.
   * @throws ValidationError when it is no address of a `docker_volume`, or has a key such as `[0]`.
   */
  public static release(scope: Construct, address: string): void {
    if (!/^(module\.[\w-]+\.)*docker_volume\.[\w-]+$/.test(address)) {
      throw new ValidationError(
        "VolumeAddress",
        `'address' must be the address of a docker_volume without a key, such as 'docker_volume.notebooks', got: '${address}'`,
        scope,
      );
    }
    const stack = TerraformStack.of(scope);
    const released = OF_STACK.get(stack) ?? new ReleasedVolumes(stack);
    OF_STACK.set(stack, released);
    released.#addresses.add(address);
  }

  /**
   * As `release()`, by the name of the resource alone.
   *
   * @internal
   */
  public static _releaseNamed(scope: Construct, name: string): void {
    ReleasedVolumes.release(scope, `docker_volume.${name}`);
  }

  readonly #addresses = new Set<string>();

  private constructor(stack: TerraformStack) {
    super(stack, "released-volumes");
  }

  /** Called by CDKTF. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- jsii wants the type of the overridden method
  public override toTerraform(): any {
    return {
      // `removed` with `destroy = false` is in Terraform since 1.7.
      terraform: { required_version: ">= 1.7" },
      removed: [...this.#addresses].sort().map((from) => ({ from, lifecycle: { destroy: false } })),
    };
  }
}
