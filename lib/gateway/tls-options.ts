import type { HostBinding } from "../network/host-binding";
import type { Secret } from "../secrets/secret";

/** Options of `Tls.automatic()`. */
export interface AutomaticTlsOptions {
  /**
   * Address to which the authority writes when a certificate is about to expire.
   *
   * @default - none
   */
  readonly email?: string;

  /**
   * Address of the directory of another ACME server, such as one of your company.
   *
   * @default - Let's Encrypt, and ZeroSSL where an `email` is given
   */
  readonly directoryUrl?: string;

  /**
   * Certificate of the authority that signed the ACME server's own certificate, in PEM form.
   *
   * @default - those that the image trusts
   */
  readonly directoryCertificate?: string;
}

/** Options of `Tls.certificate()`. */
export interface CertificateTlsOptions {
  /** The certificate, followed by those of intermediate authorities, in PEM form. It is public. */
  readonly certificate: string;

  /** The private key in PEM form, without a passphrase. */
  readonly privateKey: Secret;
}

/** Options of `Tls.terminatedBefore()`. */
export interface TerminatedTlsOptions {
  /**
   * Addresses or ranges of the proxies that stand before the gateway. What they say of a client's address is believed,
   * and nobody else. `172.16.0.0/12` are Docker's own networks, so that a proxy on the engine's host is meant.
   */
  readonly trustedProxies: string[];

  /**
   * Port on which the gateway takes plain HTTP from them.
   *
   * @default 8080
   */
  readonly port?: number;

  /**
   * From where that port can be reached. Passwords travel in clear there.
   *
   * @default - from the engine's own host
   */
  readonly binding?: HostBinding;
}
