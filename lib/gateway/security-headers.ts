import { ContentSecurityPolicy } from "./content-security-policy";
import type { PublicUrl } from "../values/public-url";

/** One year. */
const HSTS = "max-age=31536000";

/** Settings of the headers HSTS and Content-Security-Policy. */
export function securityHeaders(url: PublicUrl, policy = ContentSecurityPolicy.strict()): { [name: string]: string } {
  const { enforced, reported } = policy._headers;
  return {
    // Not at localhost: the browser would demand https on every port of localhost.
    STRICT_TRANSPORT_SECURITY: url.secure && !url.local ? HSTS : "",
    CONTENT_SECURITY_POLICY: enforced,
    CONTENT_SECURITY_POLICY_REPORT_ONLY: reported,
  };
}
