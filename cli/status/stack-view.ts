import { countText } from "../console/amounts";
import { CommandError } from "../console/command-error";
import type { Deployment } from "../deployment/deployment";
import { storeProblems } from "../deployment/store-checks";
import type { State } from "../terraform/json/state";
import type { Terraform } from "../terraform/terraform";
import { disksOf } from "./disks";
import { tellDisk } from "./facts";
import { readiness } from "./readiness";
import { inspectServices, tableOf } from "./services";
import type { ServiceStatus } from "./services";
import type { View } from "./watch";

/** A stack that is looked at again and again. */
export class StackView {
  #state: State | undefined;
  #seen = "";

  constructor(
    private readonly deployment: Deployment,
    private readonly terraform: Terraform,
  ) {}

  /** What changes from one moment to the next: services, disks, and whether the stack is ready. */
  public async look(): Promise<View> {
    try {
      await this.deployment.docker.info();
      return await this.#lookAt((this.#state ??= await this.terraform.state()));
    } catch (error) {
      // An engine that is started again is what one wants to see.
      if (!(error instanceof CommandError)) throw error;
      return { text: error.message, conditions: new Map([[this.deployment.name, error.message]]) };
    }
  }

  async #lookAt(state: State): Promise<View> {
    const { docker, name } = this.deployment;
    const { statuses: services, containers } = await inspectServices(docker, state);
    this.#forgetState(services);
    const [stores, notReady] = await Promise.all([storeProblems(this.deployment), readiness(this.deployment, state)]);
    const problems = [...stores, ...(notReady ? [notReady.text] : [])];
    const condition = problems.length > 0 ? problems.join("; ") : services.every(isWell) ? "ready" : "not ready";
    const disks = await disksOf(docker, containers);
    return {
      text: [tableOf(services), ...disks.map(tellDisk), `${state.output("url") ?? name}: ${condition}`].join("\n"),
      conditions: new Map([
        ...services.map((service): [string, string] => [service.name, conditionOf(service)]),
        [name, condition],
      ]),
    };
  }

  // Another deployment may have other containers and images.
  #forgetState(services: ServiceStatus[]): void {
    const seen = services.map(({ created }) => created).join(" ");
    if (seen !== this.#seen) this.#state = undefined;
    this.#seen = seen;
  }
}

function isWell({ state }: ServiceStatus): boolean {
  return /^(healthy|running)$/.test(state);
}

function conditionOf({ state, restarts }: ServiceStatus): string {
  return restarts === 0 ? state : `${state}, ${countText(restarts, "restart")}`;
}
