import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { Construct } from "constructs";
import { ValidationError } from "./errors";
import { Exposure } from "./exposure";
import type { PublicUrl } from "./public-url";
import type { Secret } from "./secret";
import type { PublishedPort, ServiceFile } from "./service-network";

const HTTP_PORT = 80;
const HTTPS_PORT = 443;
const CERTIFICATE_FILE = "/etc/caddy/tls/certificate.pem";
const PRIVATE_KEY_FILE = "/run/secrets/tls-private-key.pem";
const ACME_ROOT_FILE = "/etc/caddy/tls/acme-root.pem";
// where Debian's and Alpine's images keep the authorities they trust.
const SYSTEM_ROOTS = "/etc/ssl/certs/ca-certificates.crt";

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
  readonly exposure?: Exposure;
}

/** What a kind of TLS adds to the gateway. */
export interface TlsSettings {
  /** Name of the file in `caddy/tls` that does it. */
  readonly snippet: string;

  /** Where Caddy listens: scheme, host and port, or a port alone. */
  readonly siteAddress: string;

  /** What the file reads from the environment. */
  readonly environment: { [name: string]: string };

  /** What the file reads besides. */
  readonly files: ServiceFile[];

  /** What is published on the engine's host. */
  readonly ports: PublishedPort[];

  /** Whether Caddy makes certificates that have to outlive its container. */
  readonly keepsCertificates: boolean;

  /** Whether clients have to be given the certificate of Caddy's own authority. */
  readonly ownAuthority: boolean;
}

/**
 * Who ends TLS, and with which certificate.
 *
 * A new kind is a static function and a class here, and a file in `caddy/tls`.
 */
export abstract class Tls {
  /**
   * A certificate by ACME, renewed by Caddy. Needs ports 80 and 443, and a name that the authority resolves. The default
   * of https addresses.
   */
  public static automatic(options: AutomaticTlsOptions = {}): Tls {
    return new AutomaticTls(options);
  }

  /** A certificate of Caddy's own authority. Clients need its root, which is the output `root_certificate`. */
  public static internal(): Tls {
    return new InternalTls();
  }

  /** A certificate of yours. A new one takes effect with the next deployment. */
  public static certificate(options: CertificateTlsOptions): Tls {
    return new CertificateTls(options);
  }

  /** A proxy before the gateway ends TLS. */
  public static terminatedBefore(options: TerminatedTlsOptions): Tls {
    return new TerminatedTls(options);
  }

  /**
   * What an address gets by itself: none for http, which is allowed at localhost only, else a certificate by ACME.
   *
   * @internal
   */
  public static _for(url: PublicUrl): Tls {
    return url.secure ? new AutomaticTls({}) : new NoTls();
  }

  /** Called by the gateway, once, when it is defined. */
  public abstract bind(scope: Construct, url: PublicUrl): TlsSettings;
}

class NoTls extends Tls {
  public bind(_scope: Construct, url: PublicUrl): TlsSettings {
    return {
      ...NOTHING,
      snippet: "none",
      siteAddress: `http://:${url.port}`,
      ports: [{ port: url.port, exposure: Exposure.loopback() }],
    };
  }
}

class AutomaticTls extends Tls {
  constructor(private readonly options: AutomaticTlsOptions) {
    super();
  }

  public bind(scope: Construct, url: PublicUrl): TlsSettings {
    requireHttps(url, scope);
    const { email, directoryUrl, directoryCertificate } = this.options;
    if (url.local || (directoryUrl === undefined && isIP(url.hostname.replace(/^\[|\]$/g, "")))) {
      throw new ValidationError(
        "TlsAutomaticName",
        `'url' must be a public name for Tls.automatic(), because no authority that clients trust signs a certificate for '${url.hostname}'; use Tls.internal(), or http:// at localhost`,
        scope,
      );
    }
    if (url.port === HTTP_PORT) {
      throw new ValidationError(
        "GatewayPort",
        `'url' must not use port ${HTTP_PORT} with https: Caddy gets its certificate there`,
        scope,
      );
    }
    if (email !== undefined && !/^[^\s@"]+@[^\s@"]+$/.test(email)) {
      throw new ValidationError("TlsEmail", `'email' must be an e-mail address, got: '${email}'`, scope);
    }
    if (directoryUrl !== undefined && !/^https:\/\/[^\s"]+$/.test(directoryUrl)) {
      throw new ValidationError(
        "TlsDirectory",
        `'directoryUrl' must be an address that begins with https://, got: '${directoryUrl}'`,
        scope,
      );
    }
    return {
      ...NOTHING,
      snippet: directoryUrl === undefined ? "automatic" : "acme",
      siteAddress: url.origin,
      environment: {
        ...portOf(url),
        ACME_EMAIL: email ?? "",
        ...(directoryUrl !== undefined && {
          ACME_DIRECTORY: directoryUrl,
          ACME_ROOT: directoryCertificate === undefined ? SYSTEM_ROOTS : ACME_ROOT_FILE,
        }),
      },
      files:
        directoryUrl === undefined || directoryCertificate === undefined
          ? []
          : [{ path: ACME_ROOT_FILE, content: directoryCertificate, secret: false }],
      ports: [url.port, HTTP_PORT].map((port) => ({ port, exposure: Exposure.public() })),
      keepsCertificates: true,
    };
  }
}

class InternalTls extends Tls {
  public bind(scope: Construct, url: PublicUrl): TlsSettings {
    requireHttps(url, scope);
    return {
      ...NOTHING,
      snippet: "internal",
      siteAddress: url.origin,
      environment: portOf(url),
      ports: portsOf(url),
      keepsCertificates: true,
      ownAuthority: true,
    };
  }
}

class CertificateTls extends Tls {
  constructor(private readonly options: CertificateTlsOptions) {
    super();
  }

  public bind(scope: Construct, url: PublicUrl): TlsSettings {
    requireHttps(url, scope);
    this.validateCertificate(url, scope);

    const key = this.options.privateKey.bind(scope, "tls-private-key");
    key.require(
      'can(regex("^\\\\s*-----BEGIN [A-Z ]*PRIVATE KEY-----", VALUE)) && length(regexall("ENCRYPTED", VALUE)) == 0',
      "The private key must be in PEM form, without a passphrase.",
    );
    return {
      ...NOTHING,
      snippet: "certificate",
      siteAddress: url.origin,
      environment: {
        ...portOf(url),
        TLS_CERTIFICATE: CERTIFICATE_FILE,
        TLS_PRIVATE_KEY: PRIVATE_KEY_FILE,
      },
      files: [
        { path: CERTIFICATE_FILE, content: this.options.certificate, secret: false },
        { path: PRIVATE_KEY_FILE, content: key.unsafeUnwrap(), secret: true },
      ],
      ports: portsOf(url),
    };
  }

  private validateCertificate(url: PublicUrl, scope: Construct): void {
    const { certificate } = this.options;
    if (certificate.includes("PRIVATE KEY")) {
      throw new ValidationError("TlsCertificate", "'certificate' must not hold the private key: it is public", scope);
    }
    let parsed: X509Certificate;
    try {
      parsed = new X509Certificate(certificate);
    } catch {
      throw new ValidationError("TlsCertificate", "'certificate' must be a certificate in PEM form", scope);
    }
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const matches = isIP(host) ? parsed.checkIP(host) : parsed.checkHost(host);
    if (matches === undefined) {
      throw new ValidationError(
        "TlsCertificateName",
        `'certificate' must be for '${host}', the host of 'url', got one for: ${parsed.subjectAltName ?? parsed.subject}`,
        scope,
      );
    }
    if (new Date(parsed.validTo).getTime() < Date.now()) {
      throw new ValidationError("TlsCertificateExpired", `'certificate' has expired on ${parsed.validTo}`, scope);
    }
  }
}

class TerminatedTls extends Tls {
  constructor(private readonly options: TerminatedTlsOptions) {
    super();
  }

  public bind(scope: Construct, url: PublicUrl): TlsSettings {
    requireHttps(url, scope);
    const { trustedProxies, port = 8080, exposure } = this.options;
    this.validateProxies(trustedProxies, scope);
    return {
      ...NOTHING,
      snippet: "terminated",
      siteAddress: `http://:${port}`,
      environment: { TRUSTED_PROXIES: trustedProxies.join(" ") },
      ports: [{ port, exposure: exposure ?? Exposure.loopback() }],
    };
  }

  private validateProxies(proxies: string[], scope: Construct): void {
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
}

const NOTHING = { environment: {}, files: [], keepsCertificates: false, ownAuthority: false };

// where other host names are refused.
function portOf(url: PublicUrl): { [name: string]: string } {
  return { URL_PORT: String(url.port) };
}

// port 80 leads to https, where https is at the port that a browser takes without being told.
function portsOf(url: PublicUrl): PublishedPort[] {
  if (url.local) return [{ port: url.port, exposure: Exposure.loopback() }];
  const ports = url.port === HTTPS_PORT ? [HTTPS_PORT, HTTP_PORT] : [url.port];
  return ports.map((port) => ({ port, exposure: Exposure.public() }));
}

function requireHttps(url: PublicUrl, scope: Construct): void {
  if (url.secure) return;
  throw new ValidationError(
    "TlsUrl",
    `'url' must begin with https:// where 'tls' is given, got: '${url.origin}'`,
    scope,
  );
}
