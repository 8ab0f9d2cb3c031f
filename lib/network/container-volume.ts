import { posix } from "node:path";
import { DataResource } from "cdktf";
import { Construct } from "constructs";
import { RECORDED_VOLUME } from "../contract/volume-record";
import { ValidationError } from "../values/errors";
import { engineName } from "./engine-name";
import { ReleasedVolumes } from "./released-volumes";
import type { IVolume } from "./service-network";

/**
 * A volume of the engine. The first container that names it makes it. It is no resource of Terraform, so that no plan
 * and no `destroy` deletes it: a record in the state says that the stack uses it.
 */
export class NamedVolume extends Construct implements IVolume {
  public readonly source: string;
  public readonly revision: string;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.source = engineName("volume", this);
    const record = new DataResource(this, "Default", { input: { [RECORDED_VOLUME]: this.source } });
    this.revision = record.id;
    // Release 0.1.0 made a `docker_volume` of the same name.
    ReleasedVolumes._releaseNamed(this, record.friendlyUniqueId);
  }
}

/** A folder on the host of the engine. */
export class HostFolder extends Construct implements IVolume {
  public readonly revision: string;

  constructor(
    scope: Construct,
    id: string,
    public readonly source: string,
  ) {
    super(scope, id);
    this.revision = source;
    if (!posix.isAbsolute(source)) {
      throw new ValidationError(
        "HostPath",
        `'hostPath' must be an absolute path on the engine's host, got: '${source}'`,
        this,
      );
    }
  }
}
