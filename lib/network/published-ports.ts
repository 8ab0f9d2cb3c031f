import type { IConstruct } from "constructs";
import { engineOf } from "./engine-name";
import { ValidationError } from "../values/errors";
import { addressesOverlap } from "../values/loopback";
import type { PublishedPort } from "./service-network";

const HTTP_PORT = 80;

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

  readonly #taken: { engine: string; port: number; address: string; owner: IConstruct }[] = [];

  private constructor() {}

  /**
   * Records the ports that a service publishes.
   *
   * @throws ValidationError when another service on the same engine publishes one of them.
   */
  public reserve(service: IConstruct, ports: PublishedPort[]): void {
    const engine = engineOf(service);
    const wanted = ports.flatMap(({ port, binding }) => binding.addresses.map((address) => ({ port, address })));
    for (const { port, address } of wanted) {
      const taken = this.#taken.find(
        (one) => one.engine === engine && one.port === port && addressesOverlap(one.address, address),
      );
      if (taken) {
        throw new ValidationError(
          "PortInUse",
          `port ${port} is published by '${taken.owner.node.path}' already; ${remedy(port)}`,
          service,
        );
      }
      this.#taken.push({ engine, port, address, owner: service });
    }
  }
}

function remedy(port: number): string {
  const another = "give each its own address of the engine's host as the gateway's 'binding'";
  return port === HTTP_PORT
    ? `port ${port} redirects to https and answers ACME: set the gateway's 'httpRedirect' to false for the one whose url has port 443, or ${another}`
    : `give one of the two another port in its 'url', or ${another}`;
}
