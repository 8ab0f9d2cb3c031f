import type { Construct } from "constructs";
import { HostBinding } from "../../network/host-binding";
import { ValidationError } from "../../values/errors";
import { IpRange } from "../../values/ip-range";
import type { PublicUrl } from "../../values/public-url";
import { httpSite, rejectPublishOptions, requireHttps } from "./tls-fragment";
import type { PublishOptions, TlsFragment } from "./tls-fragment";

/** Options of `Tls.terminatedBefore()`. */
export interface TerminatedTlsOptions {
  /**
   * Addresses or ranges of the proxies in front of the gateway. The gateway believes them, and nobody else, about the
   * address of a client. A proxy on the engine's own host arrives from Docker's networks: `172.16.0.0/12`.
   */
  readonly trustedProxies: string[];

  /**
   * Port on which the gateway takes plain HTTP from the proxies.
   *
   * @default 8080
   */
  readonly port?: number;

  /**
   * The hosts that can reach this port. Passwords arrive there unencrypted.
   *
   * @default - the engine's own host
   */
  readonly binding?: HostBinding;
}

/** Plain HTTP from a proxy that ends TLS. */
export function terminatedTls(
  { trustedProxies, port = 8080, binding }: TerminatedTlsOptions,
  url: PublicUrl,
  publish: PublishOptions,
  scope: Construct,
): TlsFragment {
  requireHttps(url, scope);
  rejectPublishOptions(publish, "with Tls.terminatedBefore(), which has a 'binding' of its own", scope);
  validateTrustedProxies(trustedProxies, scope);
  const { siteWithoutPort, environment } = httpSite(port);
  return {
    caddyFiles: ["tls/terminated.caddy"],
    environment: { ...environment, TLS: "terminated", TRUSTED_PROXIES: trustedProxies.join(" ") },
    ports: [{ port, binding: binding ?? HostBinding.loopback() }],
    siteWithoutPort,
    keepsCertificates: false,
    ownAuthority: false,
  };
}

function validateTrustedProxies(proxies: string[], scope: Construct): void {
  if (proxies.length === 0) {
    throw new ValidationError(
      "TrustedProxies",
      "'trustedProxies' must name the proxies in front of the gateway",
      scope,
    );
  }
  for (const proxy of proxies) {
    const range = IpRange.parse(proxy);
    if (range === undefined) {
      throw new ValidationError(
        "TrustedProxies",
        `'trustedProxies' must be addresses or ranges such as '10.1.2.3' or '10.1.0.0/16', got: '${proxy}'`,
        scope,
      );
    }
    // A trusted proxy may claim any client address, and escapes every limit with it.
    if (range.prefixLength < (range.version === 6 ? 16 : 8)) {
      throw new ValidationError(
        "TrustedProxiesOpen",
        `'trustedProxies' must not cover the internet; name the addresses of your own proxies, got: '${proxy}'`,
        scope,
      );
    }
  }
}
