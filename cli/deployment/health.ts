import { setTimeout as pause } from "node:timers/promises";
import { isLoopback } from "../../lib/values/loopback";
import { httpStatus } from "../console/http-status";
import { CommandError } from "../console/command-error";
import type { Deployment } from "./deployment";
import type { ContainerDetails } from "../docker/docker";
import { refuseEnded, requireOwnStores } from "./store-identity";

const TIMEOUT = 120_000;
const INTERVAL = 1_000;
// OpenSSL's codes for a certificate that is not trusted: waiting does not help.
const UNTRUSTED = /^(DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(GET|VERIFY)_|CERT_|ERR_TLS_CERT_)/;

/** A container's health if it has a health check, else its status. */
export function conditionOf({ State }: ContainerDetails): string {
  return State.Status === "running" ? (State.Health?.Status ?? "running") : State.Status;
}

/**
 * Waits until every service is healthy and the stack's address answers.
 *
 * @throws CommandError when that has not happened after two minutes, this machine does not trust the certificate, or the
 * server's stores are not the stack's.
 */
export async function waitUntilReady(deployment: Deployment, progress: (line: string) => void): Promise<void> {
  const { docker, synthesized, terraform, name } = deployment;
  await eventually(progress, async () => {
    const containers = await docker.containers(synthesized.services);
    for (const container of containers.filter(({ Name }) => synthesized.servers.includes(Name))) {
      await refuseEnded(docker, container);
    }
    const found = new Map(containers.map((container) => [container.Name, conditionOf(container)]));
    const waiting = synthesized.services.filter((service) => !/^(healthy|running)$/.test(found.get(service) ?? ""));
    return waiting.map((service) => `${service} is ${found.get(service) ?? "missing"}`).join(", ");
  });

  await requireOwnStores(deployment);

  const state = await terraform.state();
  const url = state.output("url");
  if (url === undefined) return;
  // A loopback address leads to this machine, and not to the host of an engine elsewhere.
  if (!docker.isLocal && isOwnHost(url)) return;
  await eventually(progress, async () => {
    const answer = await answerOf(`${url}/healthz`, state.output("root_certificate"));
    return answer === 200 ? "" : `${url}/healthz of stack '${name}' answers ${answer}`;
  });
}

/** Whether an address means the machine it is used on. */
export function isOwnHost(url: string): boolean {
  return isLoopback(new URL(url).hostname);
}

async function eventually(progress: (line: string) => void, problem: () => Promise<string>): Promise<void> {
  const end = Date.now() + TIMEOUT;
  let last = "";
  for (;;) {
    const now = await problem();
    if (now === "") return;
    if (now !== last) progress(now);
    last = now;
    if (Date.now() > end) throw new CommandError(now, "'docker logs NAME' shows what a container says.");
    await pause(INTERVAL);
  }
}

async function answerOf(address: string, rootCertificate: string | undefined): Promise<number | string> {
  try {
    return await httpStatus(address, { rootCertificate, timeout: 5_000 });
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    if (!UNTRUSTED.test(code)) return message;
    throw new CommandError(
      `everything is up, but this machine does not trust the certificate of ${address}: ${message}`,
      "Name the file of its authority in NODE_EXTRA_CA_CERTS.",
    );
  }
}
