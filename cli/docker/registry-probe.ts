import http from "node:http";
import https from "node:https";
import { ImageName } from "../../lib/values/image-name";

const TIMEOUT = 10_000;
const DOCKER_HUB = "registry-1.docker.io";
// What comes back from a port that does not speak TLS, or not HTTP.
const OTHER_PROTOCOL = /^(EPROTO|ERR_SSL_|HPE_)/;

/**
 * Whether the registry of an image answers this machine: with any HTTP status, or by TLS with any certificate.
 *
 * @param image name of an image.
 * @param proxy the engine's proxy for https, if it has one. Then an answer past it counts as well.
 */
export async function registryAnswers(image: string, proxy?: string): Promise<boolean> {
  const registry = new ImageName(image).registry ?? DOCKER_HUB;
  return hostAnswers(registry === "docker.io" ? DOCKER_HUB : registry, proxy);
}

/** As `registryAnswers()`, of a host with or without a port. */
export async function hostAnswers(host: string, proxy?: string): Promise<boolean> {
  if (proxy && (await connects(proxy, host))) return true;
  return answers(`https://${host}/v2/`);
}

function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    // Nothing is sent that a false registry could use, and the engine may trust authorities that Node.js does not.
    const request = https.get(address, { rejectUnauthorized: false, agent: false, timeout: TIMEOUT });
    request.once("socket", (socket) => socket.once("secureConnect", () => finish(true)));
    request.once("response", () => finish(true));
    request.once("timeout", () => finish(false));
    request.on("error", ({ code = "" }: NodeJS.ErrnoException) => finish(OTHER_PROTOCOL.test(code)));
    const finish = (answered: boolean) => {
      resolve(answered);
      request.destroy();
    };
  });
}

function connects(proxy: string, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const { hostname, port, username, password } = new URL(/^\w+:\/\//.test(proxy) ? proxy : `http://${proxy}`);
    const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString("base64");
    const request = http.request({
      method: "CONNECT",
      host: hostname,
      port: port || 80,
      path: /:\d+$/.test(host) ? host : `${host}:443`,
      headers: username === "" ? {} : { "proxy-authorization": `Basic ${login}` },
      timeout: TIMEOUT,
      agent: false,
    });
    request.once("connect", ({ statusCode }) => finish(statusCode === 200));
    request.once("response", () => finish(false));
    request.once("timeout", () => finish(false));
    request.on("error", () => finish(false));
    const finish = (connected: boolean) => {
      resolve(connected);
      request.destroy();
    };
    request.end();
  });
}
