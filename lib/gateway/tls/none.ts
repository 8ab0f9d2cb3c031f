import type { Construct } from "constructs";
import { HostBinding } from "../../network/host-binding";
import type { PublicUrl } from "../../values/public-url";
import { httpSite, rejectPublishOptions } from "./tls-fragment";
import type { PublishOptions, TlsFragment } from "./tls-fragment";

/** Plain HTTP, on the engine's own host only. */
export function noTls(url: PublicUrl, publish: PublishOptions, scope: Construct): TlsFragment {
  rejectPublishOptions(publish, `at '${url.origin}', which is published on ${url.bindAddress}`, scope);
  const { siteWithoutPort, environment } = httpSite(url.port);
  return {
    caddyFiles: ["tls/none.caddy"],
    environment: { ...environment, TLS: "none" },
    ports: [{ port: url.port, binding: HostBinding.address(url.bindAddress) }],
    siteWithoutPort,
    keepsCertificates: false,
    ownAuthority: false,
  };
}
