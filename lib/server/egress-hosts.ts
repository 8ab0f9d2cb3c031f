import { BlockList, isIP } from "node:net";
import type { IConstruct } from "constructs";
import { ValidationError } from "../values/errors";

const TLS_PORT = 443;
const LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
const HOST = new RegExp(`^(?:${LABEL}\\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$`);
// such a last label makes a number of the whole, for programs that take an address in any form.
const NUMERIC = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/i;

/** A host that may be connected to. */
export interface EgressTarget {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads a list of hosts.
 *
 * @param taken port that the proxy needs for itself.
 * @throws ValidationError when one is an address, a pattern or no host name, or its port is none.
 */
export function egressTargets(prop: string, hosts: string[], taken: number, scope: IConstruct): EgressTarget[] {
  return hosts.map((given) => {
    const [, host = "", portText] = /^(.*?)(?::(\d+))?$/s.exec(given) ?? [];
    if (host.includes("*")) {
      refuse(
        `'${prop}' must name each host in full, because MLflow finds the proxy under these names, got: '${given}'`,
      );
    }
    if (isIP(host.replace(/^\[|\]$/g, "")) || NUMERIC.test(host)) {
      refuse(`'${prop}' must have host names and no addresses, because TLS tells hosts apart by name, got: '${given}'`);
    }
    if (host.length > 253 || !HOST.test(host)) {
      refuse(
        `'${prop}' must have host names in lower-case letters, such as 'api.example.com' or 'api.example.com:8443', got: '${given}'`,
      );
    }
    const port = portText === undefined ? TLS_PORT : Number(portText);
    if (port < 1 || port > 65535 || port === taken) {
      refuse(`'${prop}' must have ports from 1 to 65535 other than ${taken}, got: '${given}'`);
    }
    return { host, port };
  });

  function refuse(message: string): never {
    throw new ValidationError("EgressHost", message, scope);
  }
}

// what is never connected to, in whatever range a host is said to be: the machine itself, its wire, metadata services. The
// proxy has the same list.
const NEVER: [string, number][] = [
  ["0.0.0.0", 8],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["224.0.0.0", 3],
  ["::", 8],
  ["64:ff9b::", 16],
  ["fd00:ec2::", 32],
  ["fe80::", 10],
  ["ff00::", 8],
];

/**
 * Checks the ranges of hosts with private addresses.
 *
 * @throws ValidationError when one is no range, too wide, or its host is in no list.
 */
export function validatePrivateHosts(
  privateHosts: { [host: string]: string },
  targets: EgressTarget[],
  scope: IConstruct,
): void {
  for (const [host, range] of Object.entries(privateHosts)) {
    if (!targets.some((target) => target.host === host)) {
      throw new ValidationError(
        "PrivateHost",
        `'egress.privateHosts' must have hosts of a feature or of 'egress.hosts', without a port, got: '${host}'`,
        scope,
      );
    }
    if (!isPrivateRange(range)) {
      throw new ValidationError(
        "PrivateHost",
        `'egress.privateHosts' must have ranges such as '10.20.0.0/16', without loopback, link-local and multicast addresses, got: '${range}'`,
        scope,
      );
    }
  }
}

function isPrivateRange(range: string): boolean {
  const [, address = "", bits = ""] = /^([^/]+)\/(\d{1,3})$/.exec(range) ?? [];
  const version = isIP(address);
  if (version === 0 || Number(bits) > (version === 4 ? 32 : 128)) return false;
  // of two ranges that overlap one holds the other, and so its first address.
  return !NEVER.some(
    ([first, length]) =>
      isIP(first) === version && (holds(first, length, address) || holds(address, Number(bits), first)),
  );
}

function holds(first: string, length: number, address: string): boolean {
  const family = isIP(first) === 4 ? "ipv4" : "ipv6";
  const list = new BlockList();
  list.addSubnet(first, length, family);
  return list.check(address, family);
}
