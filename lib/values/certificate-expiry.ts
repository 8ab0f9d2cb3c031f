import { X509Certificate } from "node:crypto";

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

function validTo(certificate: string): number {
  return new Date(new X509Certificate(certificate).validTo).getTime();
}
