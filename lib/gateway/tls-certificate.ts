import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { Construct } from "constructs";
import { ValidationError } from "../values/errors";
import type { PublicUrl } from "../values/public-url";

/** Fails on a certificate that clients of `url` would not accept. It is public; a private key in it is refused. */
export function validateCertificate(certificate: string, url: PublicUrl, scope: Construct): void {
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
