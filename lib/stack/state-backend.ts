import { LocalBackend, TerraformBackend, TerraformRemoteState } from "cdktf";
import type { TerraformStack } from "cdktf";
import type { Construct } from "constructs";

/** Where Terraform keeps its state, which contains all secrets of the stack. */
export abstract class StateBackend {
  /**
   * A local file.
   *
   * @param path path, relative to the folder of the stack, `cdktf.out/stacks/<stack id>`.
   */
  public static local(path: string): StateBackend {
    return new FileState(path);
  }

  /**
   * Any backend of Terraform.
   *
   * @param type its name, such as `s3` or `pg`.
   * @param configuration its settings by name, as in a `backend` block: texts, numbers, switches, lists and objects, such
   * as `endpoints` of `s3`. Not for secrets: put them into the environment of Terraform.
   */
  public static remote(type: string, configuration: { [name: string]: unknown }): StateBackend {
    return new RemoteState(type, configuration);
  }

  /** Called by the stack, once, when it is defined. */
  public abstract bind(stack: TerraformStack): void;
}

class FileState extends StateBackend {
  constructor(private readonly path: string) {
    super();
  }

  public bind(stack: TerraformStack): void {
    new LocalBackend(stack, { path: this.path });
  }
}

class RemoteState extends StateBackend {
  constructor(
    private readonly type: string,
    private readonly configuration: { [name: string]: unknown },
  ) {
    super();
  }

  public bind(stack: TerraformStack): void {
    new NamedBackend(stack, this.type, this.configuration);
  }
}

// A construct, because CDKTF gives a stack without a backend a file at an absolute path.
class NamedBackend extends TerraformBackend {
  constructor(
    scope: Construct,
    type: string,
    private readonly configuration: { [name: string]: unknown },
  ) {
    super(scope, "backend", type);
  }

  public override getRemoteStateDataSource(scope: Construct, name: string): TerraformRemoteState {
    return new NamedRemoteState(scope, name, this.name, this.configuration);
  }

  protected override synthesizeAttributes(): { [name: string]: unknown } {
    return { ...this.configuration };
  }
}

class NamedRemoteState extends TerraformRemoteState {}
