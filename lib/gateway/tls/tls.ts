import type { Construct } from "constructs";
import type { PublicUrl } from "../../values/public-url";
import { automaticTls } from "./automatic";
import type { AutomaticTlsOptions } from "./automatic";
import { certificateTls } from "./certificate";
import type { CertificateTlsOptions } from "./certificate";
import { internalTls } from "./internal";
import { noTls } from "./none";
import { terminatedTls } from "./terminated";
import type { TerminatedTlsOptions } from "./terminated";
import type { PublishOptions, TlsFragment } from "./tls-fragment";

type Bind = (scope: Construct, url: PublicUrl, publish: PublishOptions) => TlsFragment;

/**
 * Where TLS ends, and which certificate is used.
 *
 * A new kind is a static function here, a file in this folder and a file in `caddy/tls`.
 */
export class Tls {
  /**
   * A certificate by ACME, which Caddy renews. Needs ports 80 and 443, and a host name that the authority can resolve.
   * The default for https addresses.
   */
  public static automatic(options: AutomaticTlsOptions = {}): Tls {
    return new Tls((scope, url, publish) => automaticTls(options, url, publish, scope));
  }

  /** A certificate of Caddy's own authority. Clients need its root certificate, the output `root_certificate`. */
  public static internal(): Tls {
    return new Tls((scope, url, publish) => internalTls(url, publish, scope));
  }

  /** Your own certificate. A new one takes effect with the next deployment. */
  public static certificate(options: CertificateTlsOptions): Tls {
    return new Tls((scope, url, publish) => certificateTls(options, url, publish, scope));
  }

  /** A proxy in front of the gateway ends TLS. */
  public static terminatedBefore(options: TerminatedTlsOptions): Tls {
    return new Tls((scope, url, publish) => terminatedTls(options, url, publish, scope));
  }

  /**
   * The default of a url: no TLS for http, which is allowed at localhost only, else a certificate by ACME.
   *
   * @internal
   */
  public static _for(url: PublicUrl): Tls {
    return url.secure ? Tls.automatic() : new Tls((scope, local, publish) => noTls(local, publish, scope));
  }

  /**
   * Called by the gateway, once.
   *
   * @internal
   */
  public readonly _bind: Bind;

  private constructor(bind: Bind) {
    this._bind = bind;
  }
}
