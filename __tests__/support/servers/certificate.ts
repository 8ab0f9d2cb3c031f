import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate and its private key, in PEM form. */
export interface Pair {
  readonly certificate: string;
  readonly privateKey: string;
}

/** A certificate signed by its own key, made by OpenSSL as people do. */
export function makePair(host: string, days = 30): Pair {
  const folder = mkdtempSync(join(tmpdir(), "certificate-"));
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  const name = /^[\d.]+$/.test(host) ? `IP:${host}` : `DNS:${host}`;
  try {
    execFileSync(
      "openssl",
      [
        ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", String(days)],
        ...["-subj", `/CN=${host}`, "-addext", `subjectAltName=${name}`, "-keyout", key, "-out", certificate],
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    return { certificate: readFileSync(certificate, "utf8"), privateKey: readFileSync(key, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The certificate alone. */
export function certificateFor(host: string, days?: number): string {
  return makePair(host, days).certificate;
}
