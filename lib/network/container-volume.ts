import { posix } from "node:path";
import { Volume } from "@cdktf/provider-docker/lib/volume";
import { Construct } from "constructs";
import { ValidationError } from "../values/errors";
import { GuardRule } from "../guard/guard-rule";
import { physicalName } from "../values/physical-name";
import type { IVolume } from "./service-network";
import { StackGuard } from "../guard/stack-guard";

/** A volume of the engine. */
export class NamedVolume extends Construct implements IVolume {
  public readonly source: string;
  public readonly resource: Volume;

  constructor(
    scope: Construct,
    id: string,
    public readonly isProtected: boolean,
  ) {
    super(scope, id);
    // No label and no option: a change of one would replace the volume and delete the data.
    this.resource = new Volume(this, "Default", {
      name: physicalName(this),
      lifecycle: isProtected ? { preventDestroy: true } : undefined,
    });
    if (!isProtected) StackGuard.accept(this, GuardRule.UNPROTECTED_VOLUME, "'protect: false' was asked for");
    this.source = this.resource.id;
  }
}

/** A folder on the host of the engine. */
export class HostFolder extends Construct implements IVolume {
  constructor(
    scope: Construct,
    id: string,
    public readonly source: string,
  ) {
    super(scope, id);
    if (!posix.isAbsolute(source)) {
      throw new ValidationError(
        "HostPath",
        `'hostPath' must be an absolute path on the engine's host, got: '${source}'`,
        this,
      );
    }
  }
}
