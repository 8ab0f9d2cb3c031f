import { isIP } from "node:net";
import type { EnvironmentReader } from "./environment-reader";
import { Tls } from "../gateway/tls/tls";
import { HostBinding } from "../network/host-binding";
import { belongsTo } from "../values/certificate-key";
import { ValidationError } from "../values/errors";

const KINDS = ["automatic", "internal", "certificate", "terminated"];

/**
 * The TLS of the gateway, as environment variables describe it.
 *
 * @throws ValidationError when the kind is unknown, or its settings are missing or do not fit each other.
 */
export function tlsFrom(environment: EnvironmentReader): Tls | undefined {
  const kind = environment.value("MLFLOW_TLS");
  const email = environment.value("TLS_EMAIL");
  switch (kind) {
    case undefined:
      return email === undefined ? undefined : Tls.automatic({ email });
    case "automatic":
      return Tls.automatic({ email });
    case "internal":
      return Tls.internal();
    case "certificate":
      return certificate(environment);
    case "terminated":
      return Tls.terminatedBefore({ trustedProxies: environment.list("TRUSTED_PROXIES") ?? [] });
    default:
      throw new ValidationError("TlsKind", `MLFLOW_TLS must be one of ${KINDS.join(", ")}, got: '${kind}'`);
  }
}

/** @throws ValidationError when the addresses are neither one IP address nor `0.0.0.0,::`. */
export function bindingFrom(environment: EnvironmentReader): HostBinding | undefined {
  const [address, other, ...more] = (environment.list("MLFLOW_BIND_ADDRESS") ?? []).sort();
  if (address === undefined) return undefined;
  if (address === "0.0.0.0" && other === "::" && more.length === 0) return HostBinding.dualStack();
  if (other === undefined && isIP(address)) return HostBinding.address(address);
  throw new ValidationError(
    "BindAddress",
    `MLFLOW_BIND_ADDRESS must be one IP address of the Docker host, or 0.0.0.0,::, got: '${environment.value("MLFLOW_BIND_ADDRESS")}'`,
  );
}

function certificate(environment: EnvironmentReader): Tls {
  const certificate = environment.value("TLS_CERTIFICATE") ?? "";
  const privateKey = environment.secret("TLS_PRIVATE_KEY");
  validatePair(certificate, environment.value("TLS_PRIVATE_KEY") ?? "");
  return Tls.certificate({ certificate, privateKey });
}

// In other apps the key is known to Terraform alone; `mlflow-stack up` compares it. The messages repeat neither.
function validatePair(certificate: string, privateKey: string): void {
  let matches: boolean;
  try {
    matches = belongsTo(privateKey, certificate);
  } catch {
    throw new ValidationError(
      "TlsPair",
      "TLS_CERTIFICATE and TLS_PRIVATE_KEY must hold a certificate and its key in PEM form, without a passphrase",
    );
  }
  if (!matches) throw new ValidationError("TlsPair", "TLS_PRIVATE_KEY must be the key of TLS_CERTIFICATE");
}
