import { isIPv4, isIPv6 } from "node:net";

const LOOPBACK = /^(?:localhost|.+\.localhost|127(?:\.\d+){1,3}|0\.0\.0\.0|::1?|\[::1?\])$/i;
const EVERYWHERE = ["", "0.0.0.0", "::"];

/** Whether a host name or address is that of the machine which looks it up. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/** Whether only the host itself reaches a port that listens on an address. */
export function listensLocally(address: string): boolean {
  return isLoopback(address) && !EVERYWHERE.includes(address);
}

/** Whether a port on one address of a host cannot be used on the other too. Docker's `::` is for IPv6 only. */
export function addressesOverlap(one: string, other: string): boolean {
  if ((isIPv4(one) && isIPv6(other)) || (isIPv6(one) && isIPv4(other))) return false;
  return one === other || EVERYWHERE.includes(one) || EVERYWHERE.includes(other);
}
