import { X509Certificate, createPrivateKey } from "node:crypto";

const DAY = 86_400_000;
const WARNING_DAYS = 30;

/** Whether a certificate in PEM form has expired. */
export function isExpired(certificate: string): boolean {
  return validTo(certificate) < Date.now();
}

/** What to say of a certificate that has expired, or does so within 30 days; undefined if it is valid for longer. */
export function expiryWarning(certificate: string): string | undefined {
  const end = validTo(certificate);
  const date = new Date(end).toISOString().slice(0, 10);
  if (end < Date.now()) return `has expired on ${date}`;
  const days = Math.floor((end - Date.now()) / DAY);
  return days < WARNING_DAYS ? `expires in ${days} days, on ${date}` : undefined;
}

/**
 * Whether a private key is that of a certificate, both in PEM form.
 *
 * @throws Error when one of them cannot be read.
 */
export function belongsTo(privateKey: string, certificate: string): boolean {
  return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(privateKey));
}

function validTo(certificate: string): number {
  return new Date(new X509Certificate(certificate).validTo).getTime();
}
