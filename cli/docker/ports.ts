import { connect, createServer } from "node:net";
import { addressesOverlap } from "../../lib/values/loopback";
import type { ContainerDetails } from "./inspected";
import type { PublishedPort } from "../app/synthesized-stack";

// A forwarder closes a connection as soon as nobody takes it at the other end.
const FORWARDER_MILLISECONDS = 1000;

/** Whether the engine can publish a port, as far as this machine can tell. */
export type Probe = (address: string, port: number) => Promise<boolean>;

/**
 * Why a stack could not publish its ports.
 *
 * @param ports what the stack publishes.
 * @param running the containers that run on the engine.
 * @param probe tries a port on the engine's host; none if that is another machine.
 * @returns a sentence for each port that is taken.
 */
export async function portConflicts(
  ports: PublishedPort[],
  running: ContainerDetails[],
  probe?: Probe,
): Promise<string[]> {
  const conflicts: string[] = [];
  for (const wanted of ports) {
    const owner = running.find((container) => publishes(container, wanted));
    const name = owner?.Name;
    if (name === wanted.container) continue;
    if (name !== undefined) {
      conflicts.push(`port ${wanted.port} is published by the container '${name}'`);
    } else if (probe && !(await probe(wanted.address, wanted.port))) {
      conflicts.push(`port ${wanted.port} on ${wanted.address} is in use by another program`);
    }
  }
  return conflicts;
}

/** Tries to listen. Only EADDRINUSE counts as no: the engine may bind ports that this user may not. */
export async function canListen(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "EADDRINUSE"));
    server.listen({ port, host: address, exclusive: true, ipv6Only: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * Whether a port is free, or held by a forwarder that leads to the engine, such as ssh's: it takes connections, and closes
 * them because nothing is published yet.
 */
export async function canPublish(address: string, port: number): Promise<boolean> {
  return (await canListen(address, port)) || (await closesAtOnce(address, port));
}

async function closesAtOnce(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: FORWARDER_MILLISECONDS });
    const settle = (closes: boolean) => {
      socket.destroy();
      resolve(closes);
    };
    socket.once("data", () => settle(false));
    socket.once("timeout", () => settle(false));
    socket.once("end", () => settle(true));
    socket.once("error", (error: NodeJS.ErrnoException) => settle(error.code === "ECONNRESET"));
  });
}

function publishes(container: ContainerDetails, wanted: PublishedPort): boolean {
  const bindings = Object.values(container.HostConfig.PortBindings ?? {}).flatMap((binding) => binding ?? []);
  return bindings.some(
    ({ HostIp, HostPort }) => Number(HostPort) === wanted.port && addressesOverlap(HostIp, wanted.address),
  );
}
