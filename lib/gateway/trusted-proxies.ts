import { isIP } from "node:net";
import type { Construct } from "constructs";
import { ValidationError } from "../values/errors";

/** Fails on ranges of proxies that are none, or in which strangers are. */
export function validateTrustedProxies(proxies: string[], scope: Construct): void {
  if (proxies.length === 0) {
    throw new ValidationError("TrustedProxies", "'trustedProxies' must name the proxies before the gateway", scope);
  }
  for (const proxy of proxies) {
    const [address = "", bits] = proxy.split("/");
    const family = isIP(address);
    const most = family === 6 ? 128 : 32;
    const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : NaN;
    if (family === 0 || !(prefix <= most)) {
      throw new ValidationError(
        "TrustedProxies",
        `'trustedProxies' must be addresses or ranges such as '10.1.2.3' or '10.1.0.0/16', got: '${proxy}'`,
        scope,
      );
    }
    // whoever is trusted may claim any address, and with it escape every limit.
    if (prefix < (family === 6 ? 16 : 8)) {
      throw new ValidationError(
        "TrustedProxiesOpen",
        `'trustedProxies' must not cover the internet; name the addresses of your own proxies, got: '${proxy}'`,
        scope,
      );
    }
  }
}
