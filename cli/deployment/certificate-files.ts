import { StackEnvironment } from "../../lib/environment/stack-environment";
import { expiryWarning, isExpired } from "../../lib/values/certificate-expiry";
import { belongsTo } from "../../lib/values/certificate-key";
import type { Environment } from "../app/environment";
import type { GivenCertificate, SynthesizedStack } from "../app/synthesized-stack";
import { CommandError } from "../console/command-error";

/**
 * Warns on standard error of certificates that have expired or are about to.
 *
 * @param stack the stack, whose gateways may have a given certificate.
 */
export function warnOfCertificates(stack: SynthesizedStack): void {
  for (const { container, certificate } of stack.certificates) {
    const warning = expiryWarning(certificate);
    if (warning !== undefined) console.error(`Warning: the certificate of ${container} ${warning}.`);
  }
}

/** @throws CommandError when a certificate has expired, or its private key is another one's, as far as it is known. */
export function requireGoodCertificates(stack: SynthesizedStack, environment: Environment): void {
  for (const given of stack.certificates) {
    const { container, certificate } = given;
    if (isExpired(certificate)) {
      throw new CommandError(
        `the certificate of ${container} ${expiryWarning(certificate)}: no client would accept it`,
        "Give a newer one, in TLS_CERTIFICATE and TLS_PRIVATE_KEY or in Tls.certificate().",
      );
    }
    if (isOfAnotherKey(given, environment)) {
      throw new CommandError(
        `the private key of ${container}, in TF_VAR_${given.keyVariable}, is not that of its certificate`,
        "Give the key that the certificate was made for, in PEM form and without a passphrase.",
      );
    }
  }
}

function isOfAnotherKey({ certificate, keyVariable }: GivenCertificate, environment: Environment): boolean {
  const name = `TF_VAR_${keyVariable}`;
  const key = { ...environment, ...new StackEnvironment(environment).terraformVariables() }[name];
  // A file of variables may have it, which Terraform alone reads.
  if (key === undefined) return false;
  try {
    return !belongsTo(key, certificate);
  } catch {
    return true;
  }
}
