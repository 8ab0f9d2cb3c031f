import type { Construct } from "constructs";
import type { PublicUrl } from "../../values/public-url";
import { httpsSite, portsOf, requireHttps } from "./tls-fragment";
import type { TlsFragment } from "./tls-fragment";

/** TLS with a certificate of Caddy's own authority. */
export function internalTls(url: PublicUrl, scope: Construct): TlsFragment {
  requireHttps(url, scope);
  const { siteWithoutPort, environment } = httpsSite(url);
  return {
    caddyFiles: ["tls/internal.caddy"],
    environment: { ...environment, TLS: "internal" },
    ports: portsOf(url),
    siteWithoutPort,
    keepsCertificates: true,
    ownAuthority: true,
  };
}
