import type { Construct } from "constructs";
import type { CaddyFragment } from "../../caddy/caddy-fragment";
import { Port } from "../../contract/ports";
import { HostBinding } from "../../network/host-binding";
import type { PublishedPort } from "../../network/service-network";
import { ValidationError } from "../../values/errors";
import type { PublicUrl } from "../../values/public-url";

/** Port of plain HTTP: redirects, and the challenges of ACME. */
export const HTTP_PORT = 80;
export const HTTPS_PORT = 443;

/** The part of the gateway that serves its url. */
export interface TlsFragment extends CaddyFragment {
  /** Address of the site in the Caddyfile, without its port. Further ports of the gateway use the same TLS with it. */
  readonly siteWithoutPort: string;

  /** Whether Caddy obtains certificates, which must outlive its container. */
  readonly keepsCertificates: boolean;

  /** Whether clients need the root certificate of Caddy's own authority. */
  readonly ownAuthority: boolean;
}

/** How the ports of a url are published. */
export interface PublishOptions {
  /** The addresses on the engine's host. */
  readonly binding?: HostBinding;

  /** Whether port 80 is published for redirects to https. */
  readonly httpRedirect?: boolean;
}

/**
 * The site of a url that Caddy serves over TLS, and its ports.
 *
 * @param ports the ports to publish on the engine's host.
 */
export function httpsSite(url: PublicUrl, ports: number[], { binding }: PublishOptions, scope: Construct) {
  if (url.local && binding) {
    throw new ValidationError(
      "Binding",
      `'binding' must not be given for '${url.origin}', which is published on ${url.bindAddress}; give a 'url' that other hosts reach`,
      scope,
    );
  }
  const published = binding ?? HostBinding.address(url.bindAddress);
  const isDualStack = published.addresses.length > 1;
  return {
    siteWithoutPort: `https://${url.hostname}`,
    environment: {
      SITE_ADDRESS: isDualStack ? `${url.origin}, https://${url.hostname}:${Port.IPV6_HTTPS}` : url.origin,
      // Other host names at the same port are refused by it.
      URL_PORT: String(url.port),
      // Further addresses of sites in the Caddyfile.
      IPV6_HTTPS: isDualStack ? `, https://:${Port.IPV6_HTTPS}` : "",
      IPV6_HTTP: isDualStack ? `, http://:${Port.IPV6_HTTP}` : "",
    },
    ports: ports.map((port): PublishedPort => ({
      port,
      binding: published,
      ...(isDualStack && { containerPortIpv6: port === url.port ? Port.IPV6_HTTPS : Port.IPV6_HTTP }),
    })),
  };
}

/** A site that Caddy serves over plain HTTP, for any host name. */
export function httpSite(port: number) {
  return { siteWithoutPort: "http://", environment: { SITE_ADDRESS: `http://:${port}` } };
}

/** The port of a url, and port 80 for the redirect to https if the url has the default port. */
export function portsOf(url: PublicUrl, { httpRedirect = true }: PublishOptions): number[] {
  return url.port === HTTPS_PORT && !url.local && httpRedirect ? [HTTPS_PORT, HTTP_PORT] : [url.port];
}

/** Rejects TLS for an http url. */
export function requireHttps(url: PublicUrl, scope: Construct): void {
  if (url.secure) return;
  throw new ValidationError(
    "TlsUrl",
    `'url' must begin with https:// where 'tls' is given, got: '${url.origin}'`,
    scope,
  );
}

/** Rejects options that only a gateway with https ports has. */
export function rejectPublishOptions({ binding, httpRedirect }: PublishOptions, remedy: string, scope: Construct) {
  const given = Object.entries({ binding, httpRedirect }).find(([, value]) => value !== undefined);
  if (given) throw new ValidationError("Binding", `'${given[0]}' has no effect ${remedy}`, scope);
}
