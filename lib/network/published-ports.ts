import type { DockerProvider } from "@cdktf/provider-docker/lib/provider";
import { TerraformStack } from "cdktf";
import type { IConstruct } from "constructs";
import { ValidationError } from "../values/errors";
import type { PublishedPort } from "./service-network";

const REGISTERS = new WeakMap<IConstruct, PublishedPorts>();

/** The ports that all stacks of an app publish, to refuse one port for two services of an engine. */
export class PublishedPorts {
  /** The register of the app in which `construct` is. */
  public static of(construct: IConstruct): PublishedPorts {
    const root = construct.node.root;
    const register = REGISTERS.get(root) ?? new PublishedPorts();
    REGISTERS.set(root, register);
    return register;
  }

  readonly #owners = new Map<string, IConstruct>();

  private constructor() {}

  /**
   * Records the ports that a service publishes.
   *
   * @throws ValidationError when another service on the same engine publishes one of them.
   */
  public reserve(service: IConstruct, ports: PublishedPort[]): void {
    for (const { port } of ports) {
      const key = `${engineOf(service)} ${port}`;
      const owner = this.#owners.get(key);
      if (owner) {
        throw new ValidationError(
          "PortInUse",
          `port ${port} is published by '${owner.node.path}' already; give one of the two another port in its 'url'`,
          service,
        );
      }
      this.#owners.set(key, service);
    }
  }
}

function engineOf(service: IConstruct): string {
  const provider = TerraformStack.of(service)
    .allProviders()
    .find(({ terraformResourceType }) => terraformResourceType === "docker") as DockerProvider | undefined;
  return provider?.host ?? provider?.context ?? "default";
}
