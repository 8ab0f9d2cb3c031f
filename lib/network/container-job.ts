import { ContainerService } from "./container-service";
import type { IJob } from "./service-network";

/** A container that runs to its end. */
export class ContainerJob extends ContainerService implements IJob {
  public get output(): string {
    return this.container.containerLogs;
  }
}
