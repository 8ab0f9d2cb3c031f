import { setTimeout as pause } from "node:timers/promises";
import { isLoopback } from "../../lib/values/loopback";
import { httpStatus } from "../console/http-request";
import { CommandError } from "../console/command-error";
import type { Deployment } from "./deployment";
import type { ContainerDetails } from "../docker/inspected";
import type { Docker } from "../docker/docker";
import type { State } from "../terraform/json/state";
import { refuseEnded, requireOwnStores } from "./store-checks";

const TIMEOUT = 120_000;
const INTERVAL = 1_000;
// OpenSSL's codes for a certificate that is not trusted: waiting does not help.
const UNTRUSTED = /^(DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(GET|VERIFY)_|CERT_|ERR_TLS_CERT_)/;

const REFUSED = /^(ECONNREFUSED|ECONNRESET|EPIPE)$/;
const LOGS = "'docker logs NAME' shows what a container says.";

/** What is wrong, and what to do. */
export interface Problem {
  readonly text: string;
  readonly remedy: string;
}

interface Answer {
  readonly status?: number;

  /** Node.js's message and code, if there was no answer. */
  readonly error?: string;
  readonly code?: string;
}

/** A container's health if it has a health check, else its status. */
export function conditionOf({ State }: ContainerDetails): string {
  return State.Status === "running" ? (State.Health?.Status ?? "running") : State.Status;
}

/**
 * Waits until every service is healthy and the stack is ready at its address.
 *
 * @throws CommandError when that has not happened after two minutes, this machine does not trust the certificate, or the
 * server's stores are not the stack's.
 */
export async function waitUntilReady(deployment: Deployment, progress: (line: string) => void): Promise<void> {
  const { docker, synthesized, terraform } = deployment;
  await eventually(progress, async () => {
    const containers = await docker.containers(synthesized.services);
    for (const container of containers.filter(({ Name }) => synthesized.servers.includes(Name))) {
      await refuseEnded(docker, container);
    }
    const found = new Map(containers.map((container) => [container.Name, conditionOf(container)]));
    const waiting = synthesized.services.filter((service) => !/^(healthy|running)$/.test(found.get(service) ?? ""));
    const text = waiting.map((service) => `${service} is ${found.get(service) ?? "missing"}`).join(", ");
    return text === "" ? undefined : { text, remedy: LOGS };
  });

  await requireOwnStores(deployment);

  const state = await terraform.state();
  await eventually(progress, () => readinessProblem(deployment, state));
}

/**
 * Why a stack is not ready at its published address, asked from this machine. Undefined if it is, and if this machine
 * cannot tell.
 *
 * @throws CommandError when this machine does not trust the certificate.
 */
export async function readinessProblem(
  { docker, synthesized }: Deployment,
  state: State,
): Promise<Problem | undefined> {
  const url = addressFromHere(docker, state);
  if (url === undefined) return undefined;
  const answer = await answerOf(`${url}/readyz`, state.output("root_certificate"));
  if (answer.status === 200) return undefined;

  const text = `${url}/readyz answers ${answer.status ?? answer.error}`;
  const published = synthesized.publishedPorts.filter(({ port }) => port === portOf(url));
  const containers = await docker.containers(published.map(({ container }) => container));
  return refusalProblem(text, answer, containers) ?? { text, remedy: LOGS };
}

/** The problem of a port that refuses although its container is healthy; undefined if it is another one. */
export function refusalProblem(
  text: string,
  { code = "" }: Pick<Answer, "code">,
  containers: ContainerDetails[],
): Problem | undefined {
  const healthy = containers.find((container) => /^(healthy|running)$/.test(conditionOf(container)));
  if (!healthy || !REFUSED.test(code)) return undefined;
  return {
    text: `${text}, although the container '${healthy.Name}', which publishes the port, is healthy`,
    remedy: `The engine does not forward the port any longer. To have it do so: docker restart ${healthy.Name}`,
  };
}

/** The stack's address, if this machine can ask there. */
export function addressFromHere({ isLocal }: Docker, state: State): string | undefined {
  const url = state.output("url");
  // A loopback address leads to this machine, and not to the host of an engine elsewhere.
  return url !== undefined && (isLocal || !isOwnHost(url)) ? url : undefined;
}

/** Whether an address means the machine it is used on. */
export function isOwnHost(url: string): boolean {
  return isLoopback(new URL(url).hostname);
}

/** The port of an address. */
export function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
}

async function eventually(progress: (line: string) => void, look: () => Promise<Problem | undefined>): Promise<void> {
  const end = Date.now() + TIMEOUT;
  let last = "";
  for (;;) {
    const problem = await look();
    if (problem === undefined) return;
    if (problem.text !== last) progress(problem.text);
    last = problem.text;
    if (Date.now() > end) throw new CommandError(problem.text, problem.remedy);
    await pause(INTERVAL);
  }
}

async function answerOf(address: string, rootCertificate: string | undefined): Promise<Answer> {
  try {
    return { status: await httpStatus(address, { rootCertificate, timeout: 5_000 }) };
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    // Node.js has no message for a name of which all addresses refuse.
    if (!UNTRUSTED.test(code)) return { code, error: message || code };
    throw new CommandError(
      `everything is up, but this machine does not trust the certificate of ${address}: ${message}`,
      "Name the file of its authority in NODE_EXTRA_CA_CERTS.",
    );
  }
}
