import { isIP } from "node:net";
import { connect } from "node:tls";
import { portOf } from "../deployment/health";

const TIMEOUT = 5_000;
const DAY = 86_400_000;
const WARNING_DAYS = 21;
// An authority of the gateway's own signs for 12 hours, and Caddy renews when a third of the time is left.
const WARNING_PART = 4;

/** The certificate that a gateway shows to its clients. */
export interface ServedCertificate {
  /** Times of its beginning and its end, in the form of RFC 3339. */
  readonly begin: string;
  readonly end: string;
}

/** The certificate at an address; undefined with plain HTTP, or if nothing answers. */
export function servedCertificate(url: string): Promise<ServedCertificate | undefined> {
  const { protocol, hostname } = new URL(url);
  if (protocol !== "https:") return Promise.resolve(undefined);
  const host = hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve) => {
    // Also one that this machine does not trust: its end is asked for, and nothing is sent.
    const options = { host, port: portOf(url), rejectUnauthorized: false, timeout: TIMEOUT };
    const socket = connect({ ...options, ...(isIP(host) === 0 && { servername: host }) }, () => {
      const { valid_from: begin, valid_to: end } = socket.getPeerCertificate();
      socket.destroy();
      resolve(end ? { begin: new Date(begin).toISOString(), end: new Date(end).toISOString() } : undefined);
    });
    for (const event of ["error", "timeout"] as const) {
      socket.once(event, () => {
        socket.destroy();
        resolve(undefined);
      });
    }
  });
}

/** Whole days until a certificate ends; below 0 if it has ended. */
export function daysLeft({ end }: ServedCertificate, now = Date.now()): number {
  return Math.floor((Date.parse(end) - now) / DAY);
}

/** Whether a certificate should have been renewed by now: 21 days before its end, or after three quarters of its time. */
export function endsSoon({ begin, end }: ServedCertificate, now = Date.now()): boolean {
  const lifetime = Date.parse(end) - Date.parse(begin);
  return Date.parse(end) - now < Math.min(WARNING_DAYS * DAY, lifetime / WARNING_PART);
}
