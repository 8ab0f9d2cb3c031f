import { Container } from "@cdktf/provider-docker/lib/container";
import type { ContainerConfig } from "@cdktf/provider-docker/lib/container";
import { Construct } from "constructs";
import { physicalName } from "../values/physical-name";
import type { IService } from "./service-network";

/** A container with a name on its networks. */
export class ContainerService extends Construct implements IService {
  public readonly hostname: string;
  public readonly container: Container;

  constructor(scope: Construct, id: string, render: (self: Construct) => ContainerConfig) {
    super(scope, id);
    this.hostname = physicalName(this);
    this.container = new Container(this, "Default", render(this));
  }
}
