import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { Annotations } from "cdktf";
import type { Construct } from "constructs";
import { CERTIFICATE_FILE, PRIVATE_KEY_FILE } from "../../contract/gateway-settings";
import type { Secret } from "../../secrets/secret";
import { expiryWarning } from "../../values/certificate-expiry";
import { ValidationError } from "../../values/errors";
import type { PublicUrl } from "../../values/public-url";
import { httpsSite, portsOf, requireHttps } from "./tls-fragment";
import type { PublishOptions, TlsFragment } from "./tls-fragment";

/** Options of `Tls.certificate()`. */
export interface CertificateTlsOptions {
  /** The certificate, followed by those of intermediate authorities, in PEM form. It is public. */
  readonly certificate: string;

  /** The private key in PEM form, without a passphrase. */
  readonly privateKey: Secret;
}

/** TLS with a given certificate. */
export function certificateTls(
  options: CertificateTlsOptions,
  url: PublicUrl,
  publish: PublishOptions,
  scope: Construct,
): TlsFragment {
  requireHttps(url, scope);
  validateCertificate(options.certificate, url, scope);

  const key = options.privateKey.bind(scope, "tls-private-key");
  key.require(
    'can(regex("^\\\\s*-----BEGIN [A-Z ]*PRIVATE KEY-----", VALUE)) && length(regexall("ENCRYPTED", VALUE)) == 0',
    "The private key must be in PEM form, without a passphrase.",
  );
  const { siteWithoutPort, environment, ports } = httpsSite(url, portsOf(url, publish), publish, scope);
  return {
    caddyFiles: ["tls/certificate.caddy"],
    environment: {
      ...environment,
      TLS: "certificate",
      TLS_CERTIFICATE: CERTIFICATE_FILE,
      TLS_DEFAULT_NAME: url.address,
      TLS_PRIVATE_KEY: PRIVATE_KEY_FILE,
    },
    files: [
      { path: CERTIFICATE_FILE, content: options.certificate, secret: false },
      { path: PRIVATE_KEY_FILE, content: key.unsafeUnwrap(), secret: true },
    ],
    ports,
    siteWithoutPort,
    keepsCertificates: false,
    ownAuthority: false,
  };
}

/** Rejects a certificate that clients of `url` would not accept, and a private key in it, because it is public. */
function validateCertificate(certificate: string, url: PublicUrl, scope: Construct): void {
  if (certificate.includes("PRIVATE KEY")) {
    throw new ValidationError("TlsCertificate", "'certificate' must not hold the private key: it is public", scope);
  }
  let parsed: X509Certificate;
  try {
    parsed = new X509Certificate(certificate);
  } catch {
    throw new ValidationError("TlsCertificate", "'certificate' must be a certificate in PEM form", scope);
  }
  const host = url.address;
  const matches = isIP(host) ? parsed.checkIP(host) : parsed.checkHost(host);
  if (matches === undefined) {
    throw new ValidationError(
      "TlsCertificateName",
      `'certificate' must be for '${host}', the host of 'url', got one for: ${parsed.subjectAltName ?? parsed.subject}`,
      scope,
    );
  }
  // No error: the stack can be looked at and removed all the same. `mlflow-stack up` refuses it.
  const warning = expiryWarning(certificate);
  if (warning !== undefined) Annotations.of(scope).addWarning(`'certificate' ${warning}`);
}
