import { isIP } from "node:net";

// As the egress proxy takes them.
const NAME = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
// Some resolvers take a name whose last label is a number for an IPv4 address: `0x7f.1` is 127.0.0.1.
const NUMERIC = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/i;

/** Whether some resolver takes a host for an address. */
export function isHostAddress(host: string): boolean {
  return isIP(host.replace(/^\[|\]$/g, "")) !== 0 || NUMERIC.test(host);
}

/** Whether a text is the name of a host, in lower case. */
export function isHostName(text: string): boolean {
  return text.length <= 253 && NAME.test(text) && !isHostAddress(text);
}
