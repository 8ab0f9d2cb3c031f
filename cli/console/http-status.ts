import { existsSync, readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { rootCertificates } from "node:tls";
import { TRUSTED_ROOTS } from "../../lib/stack/client-environment";

/** How an address is asked. */
export interface StatusRequest {
  readonly headers?: { readonly [name: string]: string };

  /** Certificate of an authority to trust besides those of this machine. */
  readonly rootCertificate?: string;

  /** Milliseconds without a sign of life after which it is given up. */
  readonly timeout: number;
}

/**
 * The status that an address answers, or of the redirect that stands there.
 *
 * @throws Error with the reason, and its `code`, when there is no answer or the certificate is not trusted.
 */
export function httpStatus(address: string, { headers, rootCertificate, timeout }: StatusRequest): Promise<number> {
  const client = address.startsWith("https:") ? https : http;
  return new Promise((resolve, reject) => {
    const request = client.get(
      address,
      { headers, ca: trusted(rootCertificate), timeout: timeout, agent: false },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      },
    );
    request.once("timeout", () => request.destroy(new Error(`no answer within ${timeout / 1000} s`)));
    request.once("error", reject);
  });
}

// given authorities replace Node.js's own, which NODE_EXTRA_CA_CERTS would have added to; those of the machine it does not
// look for by itself.
function trusted(rootCertificate: string | undefined): string[] {
  const files = [...TRUSTED_ROOTS, process.env.NODE_EXTRA_CA_CERTS ?? ""].filter((file) => existsSync(file));
  const bundles = files.map((file) => readFileSync(file, "utf8"));
  return [...rootCertificates, ...bundles, ...(rootCertificate === undefined ? [] : [rootCertificate])];
}
