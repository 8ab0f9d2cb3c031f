import { isIP } from "node:net";
import { UNREACHABLE_RANGES } from "../contract/egress-addresses";
import type { IConstruct } from "constructs";
import { ValidationError } from "../values/errors";
import { IpRange } from "../values/ip-range";

const TLS_PORT = 443;
const LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
const HOST = new RegExp(`^(?:${LABEL}\\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$`);
// Some resolvers read a name whose last label is numeric as an IPv4 address (`0x7f.1`).
const NUMERIC = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/i;

/** A host and port that the proxy connects to. */
export interface EgressTarget {
  readonly host: string;
  readonly port: number;
}

/**
 * Parses a list of hosts.
 *
 * @param taken port that the proxy uses itself.
 * @throws ValidationError when an entry is an address, a pattern or not a host name, or its port is invalid.
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
      refuse(`'${prop}' must have host names and no addresses, because TLS identifies hosts by name, got: '${given}'`);
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

/**
 * Validates the ranges of hosts with private addresses.
 *
 * @throws ValidationError when a range is invalid or covers refused addresses, or its host is in no list.
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

function isPrivateRange(text: string): boolean {
  const range = text.includes("/") ? IpRange.parse(text) : undefined;
  return range !== undefined && !UNREACHABLE_RANGES.some((never) => IpRange.parse(never)?.overlaps(range));
}
