import { UNREACHABLE_RANGES } from "../contract/egress-addresses";
import type { IConstruct } from "constructs";
import { ValidationError } from "../values/errors";
import { isHostAddress, isHostName } from "../values/host-name";
import { IpRange } from "../values/ip-range";
import type { StoreHost } from "../stores/store";

/** The port of a host that is listed without one. */
export const TLS_PORT = 443;

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
    if (isHostAddress(host)) {
      refuse(`'${prop}' must have host names and no addresses, because TLS identifies hosts by name, got: '${given}'`);
    }
    if (!isHostName(host) || !host.includes(".")) {
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

/**
 * Validates the hosts of external stores.
 *
 * @param taken port that the proxy uses itself.
 * @throws ValidationError when a store uses this port, or a store without TLS shares its port with another host.
 */
export function validateStores(stores: StoreHost[], targets: EgressTarget[], taken: number, scope: IConstruct): void {
  for (const { host, port, tls } of stores) {
    if (port < 1 || port > 65535 || port === taken) {
      throw new ValidationError(
        "StorePort",
        `an external store must have a port from 1 to 65535 other than ${taken}, got: '${host}:${port}'`,
        scope,
      );
    }
    const others = [...targets, ...stores].filter((other) => other.port === port && other.host !== host);
    const [other] = tls ? [] : others;
    if (other) {
      throw new ValidationError(
        "StorePort",
        `an external store without https must have a port that no other external host has, because the egress proxy finds the store by its port, got: '${host}:${port}' and '${other.host}:${port}'`,
        scope,
      );
    }
  }
}

function isPrivateRange(text: string): boolean {
  const range = text.includes("/") ? IpRange.parse(text) : undefined;
  return range !== undefined && !UNREACHABLE_RANGES.some((never) => IpRange.parse(never)?.overlaps(range));
}
