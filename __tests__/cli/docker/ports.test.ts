import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import type { ContainerDetails } from "../../../cli/docker/inspected";
import { canListen, canPublish, portConflicts } from "../../../cli/docker/ports";

const WANTED = [{ container: "mlflow-gateway", address: "127.0.0.1", port: 8080 }];
const FREE = async () => true;
const TAKEN = async () => false;

function running(name: string, HostIp: string, HostPort: string) {
  return {
    Name: name,
    HostConfig: { PortBindings: { "8080/tcp": [{ HostIp, HostPort }] } },
  } as unknown as ContainerDetails;
}

describe("portConflicts", () => {
  test("finds none if the port is free, or already published by the same container", async () => {
    expect(await portConflicts(WANTED, [], FREE)).toEqual([]);
    expect(await portConflicts(WANTED, [running("mlflow-gateway", "127.0.0.1", "8080")], TAKEN)).toEqual([]);
  });

  test.each(["127.0.0.1", "0.0.0.0", ""])("names another container that publishes it at '%s'", async (address) => {
    expect(await portConflicts(WANTED, [running("other", address, "8080")], FREE)).toEqual([
      "port 8080 is published by the container 'other'",
    ]);
  });

  test("ignores other ports and other addresses", async () => {
    const others = [running("a", "127.0.0.1", "8081"), running("b", "192.0.2.1", "8080"), running("c", "::", "8080")];

    expect(await portConflicts(WANTED, others, FREE)).toEqual([]);
  });

  test("finds another program if the engine is on this machine", async () => {
    expect(await portConflicts(WANTED, [], TAKEN)).toEqual(["port 8080 on 127.0.0.1 is in use by another program"]);
    expect(await portConflicts(WANTED, [])).toEqual([]);
  });
});

describe("canListen", () => {
  test("distinguishes a port in use from a free one", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;

    expect(await canListen("127.0.0.1", port)).toBe(false);
    await new Promise((resolve) => server.close(resolve));
    expect(await canListen("127.0.0.1", port)).toBe(true);
  });

  test("does not report an address that this machine does not have as in use", async () => {
    expect(await canListen("192.0.2.1", 8080)).toBe(true);
  });
});

describe("canPublish", () => {
  const listening = async (take: (socket: Socket) => void) => {
    const server = createServer(take);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      return await canPublish("127.0.0.1", (server.address() as AddressInfo).port);
    } finally {
      server.close();
    }
  };

  test("takes a port whose forwarder has nothing at its other end", async () => {
    expect(await listening((socket) => socket.end())).toBe(true);
    expect(await listening((socket) => socket.resetAndDestroy())).toBe(true);
  });

  test("leaves a port to a program that greets, or waits for a request", async () => {
    const waiting: Socket[] = [];

    expect(await listening((socket) => socket.end("SSH-2.0-"))).toBe(false);
    expect(await listening((socket) => waiting.push(socket))).toBe(false);
    for (const socket of waiting) socket.destroy();
  });

  test("takes a free port", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));

    expect(await canPublish("127.0.0.1", port)).toBe(true);
  });
});
