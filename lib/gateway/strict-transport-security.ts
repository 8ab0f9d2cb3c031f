import type { PublicUrl } from "../values/public-url";

/** One year. */
const HSTS = "max-age=31536000";

/** Value of the header Strict-Transport-Security; empty if it is not sent. */
export function strictTransportSecurity(url: PublicUrl): string {
  // Not at localhost: the browser would demand https on every port of localhost.
  return url.secure && !url.local ? HSTS : "";
}
