import { Port } from "../../lib/contract/ports";
import type { ContainerDetails } from "../docker/inspected";

/** A host name or IP address, and a port. */
export type Address = [host: string, port: number];

const PORTS = [Port.MLFLOW, Port.POSTGRES, Port.S3_API, Port.CONSOLE];

/** The addresses at which services might be reachable: their names, aliases and IP addresses, with each port. */
export function addressesOf(containers: ContainerDetails[]): Address[] {
  const hosts = new Set<string>();
  for (const { Name, NetworkSettings } of containers) {
    hosts.add(Name);
    for (const { IPAddress, Aliases } of Object.values(NetworkSettings.Networks)) {
      if (IPAddress !== "") hosts.add(IPAddress);
      for (const alias of Aliases ?? []) hosts.add(alias);
    }
  }
  return [...hosts].flatMap((host) => PORTS.map((port): Address => [host, port]));
}

/** Which of these containers publish ports; undefined if none does. */
export function portProblem(containers: ContainerDetails[]): string | undefined {
  const publishers = containers.flatMap(({ Name, HostConfig }) => {
    const ports = Object.values(HostConfig.PortBindings ?? {}).flatMap((bindings) => bindings ?? []);
    return ports.map(({ HostPort }) => `${Name} publishes ${HostPort}`);
  });
  return publishers.length > 0 ? publishers.join(", ") : undefined;
}

/** The problem with the addresses that a foreign container reached: it must reach the gateway, and nothing else. */
export function isolationProblem(gateway: Address, reached: Address[]): string | undefined {
  const isGateway = ([host, port]: Address) => host === gateway[0] && port === gateway[1];
  const others = reached.filter((address) => !isGateway(address));
  if (others.length > 0) return `reached: ${others.map((address) => address.join(":")).join(", ")}`;
  // Without the gateway nothing is proven: the container may have had no network at all.
  return reached.some(isGateway) ? undefined : `the gateway was not reached at ${gateway.join(":")}`;
}
