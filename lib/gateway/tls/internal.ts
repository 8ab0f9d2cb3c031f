import type { Construct } from "constructs";
import type { PublicUrl } from "../../values/public-url";
import { httpsSite, portsOf, requireHttps } from "./tls-fragment";
import type { PublishOptions, TlsFragment } from "./tls-fragment";

/** TLS with a certificate of Caddy's own authority. */
export function internalTls(url: PublicUrl, publish: PublishOptions, scope: Construct): TlsFragment {
  requireHttps(url, scope);
  const { siteWithoutPort, environment, ports } = httpsSite(url, portsOf(url, publish), publish, scope);
  return {
    caddyFiles: ["tls/internal.caddy"],
    environment: { ...environment, TLS: "internal", TLS_DEFAULT_NAME: url.address },
    ports,
    siteWithoutPort,
    keepsCertificates: true,
    ownAuthority: true,
  };
}
