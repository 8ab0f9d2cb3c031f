import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:tls";
import { daysLeft, servedCertificate } from "../../../cli/status/served-certificate";
import { makePair } from "../../support/servers/certificate";

test("the certificate that clients get is read, also one that this machine does not trust", async () => {
  const { certificate: cert, privateKey: key } = makePair("localhost", 40);
  const server = createServer({ cert, key }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const certificate = await servedCertificate(`https://127.0.0.1:${port}`);
  server.close();
  await once(server, "close");

  expect(certificate && daysLeft(certificate)).toBe(39);
  // Nothing listens there now.
  expect(await servedCertificate(`https://127.0.0.1:${port}`)).toBeUndefined();
  expect(await servedCertificate(`http://127.0.0.1:${port}`)).toBeUndefined();
});
