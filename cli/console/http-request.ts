import { existsSync, readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { rootCertificates } from "node:tls";
import { TRUSTED_ROOTS } from "../../lib/stack/client-environment";

/** Options of a request. */
export interface StatusRequest {
  readonly headers?: { readonly [name: string]: string };

  /** Certificate of an authority to trust besides this machine's. */
  readonly rootCertificate?: string;

  /** Milliseconds without any data from the server after which the request fails. */
  readonly timeout: number;
}

/**
 * The HTTP status of an address. Redirects are not followed.
 *
 * @throws Error with the reason and Node.js's `code` when there is no answer, or the certificate is not trusted.
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

// The option `ca` replaces all authorities that Node.js trusts, those of NODE_EXTRA_CA_CERTS included. Node.js does not
// read the machine's own bundles.
function trusted(rootCertificate: string | undefined): string[] {
  const files = [...TRUSTED_ROOTS, process.env.NODE_EXTRA_CA_CERTS ?? ""].filter((file) => existsSync(file));
  const bundles = files.map((file) => readFileSync(file, "utf8"));
  return [...rootCertificates, ...bundles, ...(rootCertificate === undefined ? [] : [rootCertificate])];
}
