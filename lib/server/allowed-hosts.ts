import type { UpstreamGateway } from "../gateway/upstream";
import { literal } from "../secrets/terraform-text";

/** MLflow's list of the `Host` headers that it answers: names of its gateways, of its own, and inside of the stack. */
export function allowedHosts(
  gateways: readonly UpstreamGateway[],
  hostNames: readonly string[],
  internalNames: readonly string[],
): string {
  const names = [...gateways.flatMap((gateway) => namesOf(gateway, hostNames)), ...hostNames, ...internalNames];
  // MLflow reads a name with a star by Python's fnmatch, for which a bracket begins a set of letters.
  return literal([...new Set(names)].flatMap((name) => [name, `${name.replace("[", "[[]")}:*`]).join(","));
}

/** MLflow's list of the origins whose pages may call it. */
export function allowedOrigins(gateways: readonly UpstreamGateway[], hostNames: readonly string[]): string {
  const origins = gateways.flatMap((gateway) => namesOf(gateway, hostNames).map((name) => gateway.url.originAt(name)));
  return literal([...new Set(origins)].join(","));
}

function namesOf({ url, hostname }: UpstreamGateway, hostNames: readonly string[]): string[] {
  return [url.hostname, ...(url.local ? ["127.0.0.1"] : []), ...hostNames, hostname];
}
