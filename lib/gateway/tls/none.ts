import { HostBinding } from "../../network/host-binding";
import type { PublicUrl } from "../../values/public-url";
import { httpSite } from "./tls-fragment";
import type { TlsFragment } from "./tls-fragment";

/** Plain HTTP, on the engine's own host only. */
export function noTls(url: PublicUrl): TlsFragment {
  const { siteWithoutPort, environment } = httpSite(url.port);
  return {
    caddyFiles: ["tls/none.caddy"],
    environment: { ...environment, TLS: "none" },
    ports: [{ port: url.port, binding: HostBinding.loopback() }],
    siteWithoutPort,
    keepsCertificates: false,
    ownAuthority: false,
  };
}
