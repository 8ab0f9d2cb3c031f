import type { Construct } from "constructs";
import type { CaddyFragment } from "../../caddy/caddy-fragment";
import { HostBinding } from "../../network/host-binding";
import type { PublishedPort } from "../../network/service-network";
import { ValidationError } from "../../values/errors";
import type { PublicUrl } from "../../values/public-url";

/** Port of plain HTTP: redirects, and the challenges of ACME. */
export const HTTP_PORT = 80;
const HTTPS_PORT = 443;

/** The part of the gateway that serves its url. */
export interface TlsFragment extends CaddyFragment {
  /** Address of the site in the Caddyfile, without its port. Further ports of the gateway use the same TLS with it. */
  readonly siteWithoutPort: string;

  /** Whether Caddy obtains certificates, which must outlive its container. */
  readonly keepsCertificates: boolean;

  /** Whether clients need the root certificate of Caddy's own authority. */
  readonly ownAuthority: boolean;
}

/** The site of a url that Caddy serves over TLS. `URL_PORT` lets it refuse other host names at the same port. */
export function httpsSite(url: PublicUrl) {
  return {
    siteWithoutPort: `https://${url.hostname}`,
    environment: { SITE_ADDRESS: url.origin, URL_PORT: String(url.port) },
  };
}

/** A site that Caddy serves over plain HTTP, for any host name. */
export function httpSite(port: number) {
  return { siteWithoutPort: "http://", environment: { SITE_ADDRESS: `http://:${port}` } };
}

/** The port of a url, and port 80 for the redirect to https where the url has the default port. */
export function portsOf(url: PublicUrl): PublishedPort[] {
  if (url.local) return [{ port: url.port, binding: HostBinding.loopback() }];
  const ports = url.port === HTTPS_PORT ? [HTTPS_PORT, HTTP_PORT] : [url.port];
  return ports.map((port) => ({ port, binding: HostBinding.public() }));
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
