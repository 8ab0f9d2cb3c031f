import { X509Certificate, createPrivateKey } from "node:crypto";

/**
 * Whether a private key is that of a certificate, both in PEM form.
 *
 * @throws Error when one of them cannot be read.
 */
export function belongsTo(privateKey: string, certificate: string): boolean {
  return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(privateKey));
}
