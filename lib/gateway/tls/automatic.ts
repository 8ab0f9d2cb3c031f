import { isIP } from "node:net";
import type { Construct } from "constructs";
import { ValidationError } from "../../values/errors";
import type { PublicUrl } from "../../values/public-url";
import { HTTP_PORT, HTTPS_PORT, httpsSite, requireHttps } from "./tls-fragment";
import type { PublishOptions, TlsFragment } from "./tls-fragment";

const ACME_ROOT_FILE = "/etc/caddy/tls/acme-root.pem";
// The certificates that Debian's and Alpine's images trust.
const SYSTEM_ROOTS = "/etc/ssl/certs/ca-certificates.crt";

/** Options of `Tls.automatic()`. */
export interface AutomaticTlsOptions {
  /**
   * E-mail address to which the authority writes when a certificate is about to expire.
   *
   * @default - none
   */
  readonly email?: string;

  /**
   * Directory url of another ACME server, such as one of your company.
   *
   * @default - Let's Encrypt, and ZeroSSL if an `email` is given
   */
  readonly directoryUrl?: string;

  /**
   * Certificate of the authority that signed the ACME server's own certificate, in PEM form.
   *
   * @default - those that the image trusts
   */
  readonly directoryCertificate?: string;
}

/** TLS with a certificate by ACME. */
export function automaticTls(
  { email, directoryUrl, directoryCertificate }: AutomaticTlsOptions,
  url: PublicUrl,
  publish: PublishOptions,
  scope: Construct,
): TlsFragment {
  requireHttps(url, scope);
  if (url.local || (directoryUrl === undefined && isIP(url.address))) {
    throw new ValidationError(
      "TlsAutomaticName",
      `'url' must be a public name for Tls.automatic(), because no authority that clients trust signs a certificate for '${url.hostname}'; use Tls.internal(), or http:// at localhost`,
      scope,
    );
  }
  if (url.port === HTTP_PORT) {
    throw new ValidationError(
      "GatewayPort",
      `'url' must not use port ${HTTP_PORT} with https, because Caddy obtains its certificate there`,
      scope,
    );
  }
  const { httpRedirect = true } = publish;
  if (!httpRedirect && url.port !== HTTPS_PORT) {
    throw new ValidationError(
      "TlsAutomaticPort",
      `'httpRedirect' must be true for Tls.automatic() at port ${url.port}, because authorities connect to port ${HTTP_PORT} or ${HTTPS_PORT} only; use Tls.certificate() or Tls.internal()`,
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

  const kind = directoryUrl === undefined ? "automatic" : "acme";
  const acmeRoot = directoryUrl === undefined ? undefined : directoryCertificate;
  const numbers = httpRedirect ? [url.port, HTTP_PORT] : [url.port];
  const { siteWithoutPort, environment, ports } = httpsSite(url, numbers, publish, scope);
  return {
    caddyFiles: [`tls/${kind}.caddy`],
    environment: {
      ...environment,
      TLS: kind,
      ACME_EMAIL: email ?? "",
      ...(directoryUrl !== undefined && {
        ACME_DIRECTORY: directoryUrl,
        ACME_ROOT: acmeRoot === undefined ? SYSTEM_ROOTS : ACME_ROOT_FILE,
      }),
    },
    files: acmeRoot === undefined ? [] : [{ path: ACME_ROOT_FILE, content: acmeRoot, secret: false }],
    ports,
    siteWithoutPort,
    keepsCertificates: true,
    ownAuthority: false,
  };
}
