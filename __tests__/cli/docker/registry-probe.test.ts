import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer as createTcpServer } from "node:net";
import type { Server } from "node:net";
import { registryAnswers } from "../../../cli/docker/registry-probe";

const servers: Server[] = [];

async function listen(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An address on which nothing listens. */
async function closedPort(): Promise<string> {
  const server = createTcpServer();
  const address = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return address;
}

/** A proxy that connects to nothing, and says so or says that it did. */
const proxy = (status: string, asked: string[] = []) =>
  listen(
    createServer().on("connect", ({ url, headers }, socket) => {
      asked.push(`${url} ${headers["proxy-authorization"] ?? ""}`);
      socket.end(`HTTP/1.1 ${status}\r\n\r\n`);
    }),
  );

afterAll(() => servers.forEach((server) => server.close()));

describe("A registry answers", () => {
  test("if it speaks HTTP, whatever it says", async () => {
    const registry = await listen(createServer((_, answer) => answer.writeHead(503).end()));

    expect(await registryAnswers(`${registry}/mlflow:1`)).toBe(true);
  });

  test("if the engine's proxy connects to it", async () => {
    const asked: string[] = [];
    const address = await proxy("200 Connection established", asked);

    expect(await registryAnswers(`${await closedPort()}/mlflow:1`, `http://ada:s%20t@${address}`)).toBe(true);
    expect(asked).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+ Basic YWRhOnMgdA==$/)]);
  });
});

describe("A registry does not answer", () => {
  test("if nothing listens", async () => {
    expect(await registryAnswers(`${await closedPort()}/mlflow:1`)).toBe(false);
  });

  test("if the connection ends without a byte", async () => {
    const registry = await listen(createTcpServer((socket) => socket.destroy()));

    expect(await registryAnswers(`${registry}/mlflow:1`)).toBe(false);
  });

  test("if the engine's proxy does not reach it", async () => {
    expect(await registryAnswers(`${await closedPort()}/mlflow:1`, await proxy("502 Bad Gateway"))).toBe(false);
  });
});
