import { isIP } from "node:net";
import type { Construct } from "constructs";
import { ValidationError } from "../values/errors";
import { HostBinding } from "../network/host-binding";
import type { PublicUrl } from "../values/public-url";
import type { PublishedPort, ServiceFile } from "../network/service-network";
import { validateCertificate } from "./tls-certificate";
import type { AutomaticTlsOptions, CertificateTlsOptions, TerminatedTlsOptions } from "./tls-options";
import { validateTrustedProxies } from "./trusted-proxies";

const HTTP_PORT = 80;
const HTTPS_PORT = 443;
const CERTIFICATE_FILE = "/etc/caddy/tls/certificate.pem";
const PRIVATE_KEY_FILE = "/run/secrets/tls-private-key.pem";
const ACME_ROOT_FILE = "/etc/caddy/tls/acme-root.pem";
// where Debian's and Alpine's images keep the authorities they trust.
const SYSTEM_ROOTS = "/etc/ssl/certs/ca-certificates.crt";

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
      ports: [{ port: url.port, binding: HostBinding.loopback() }],
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
      ports: [url.port, HTTP_PORT].map((port) => ({ port, binding: HostBinding.public() })),
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
    validateCertificate(this.options.certificate, url, scope);

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
}

class TerminatedTls extends Tls {
  constructor(private readonly options: TerminatedTlsOptions) {
    super();
  }

  public bind(scope: Construct, url: PublicUrl): TlsSettings {
    requireHttps(url, scope);
    const { trustedProxies, port = 8080, binding } = this.options;
    validateTrustedProxies(trustedProxies, scope);
    return {
      ...NOTHING,
      snippet: "terminated",
      siteAddress: `http://:${port}`,
      environment: { TRUSTED_PROXIES: trustedProxies.join(" ") },
      ports: [{ port, binding: binding ?? HostBinding.loopback() }],
    };
  }
}

const NOTHING = { environment: {}, files: [], keepsCertificates: false, ownAuthority: false };

// where other host names are refused.
function portOf(url: PublicUrl): { [name: string]: string } {
  return { URL_PORT: String(url.port) };
}

// port 80 leads to https, where https is at the port that a browser takes without being told.
function portsOf(url: PublicUrl): PublishedPort[] {
  if (url.local) return [{ port: url.port, binding: HostBinding.loopback() }];
  const ports = url.port === HTTPS_PORT ? [HTTPS_PORT, HTTP_PORT] : [url.port];
  return ports.map((port) => ({ port, binding: HostBinding.public() }));
}

function requireHttps(url: PublicUrl, scope: Construct): void {
  if (url.secure) return;
  throw new ValidationError(
    "TlsUrl",
    `'url' must begin with https:// where 'tls' is given, got: '${url.origin}'`,
    scope,
  );
}
