import type { Construct } from "constructs";
import { egressTargets } from "./egress-hosts";
import type { EgressOptions } from "./egress-options";
import { EgressProxy } from "./egress-proxy";
import { ValidationError } from "../values/errors";
import { Port } from "../contract/ports";
import type { MlflowFeatureOptions } from "./feature-options";
import type { IServiceNetwork } from "../network/service-network";
import type { ClientSettings } from "../stores/store";

/**
 * Whether the server and its jobs connect to all outside addresses themselves, because a store does not tell its hosts.
 */
export function hasDirectEgress(stores: readonly ClientSettings[]): boolean {
  return stores.some(({ external, hosts }) => external && hosts === undefined);
}

/**
 * The egress proxy for the external stores, the features and `egress` of a server, if they need one.
 *
 * @throws ValidationError when a feature lacks its hosts, a host is invalid, or the server has direct egress.
 */
export function serverEgress(
  scope: Construct,
  network: IServiceNetwork,
  features: MlflowFeatureOptions,
  egress: EgressOptions,
  stores: readonly ClientSettings[],
): EgressProxy | undefined {
  const { aiGateway, telemetry, webhooks } = features;
  if (telemetry && !egress.hosts?.length) {
    throw new ValidationError(
      "FeatureHosts",
      "'features.telemetry' needs the hosts that MLflow reports to in 'egress.hosts', such as 'config.mlflow-telemetry.io'",
      scope,
    );
  }
  if (aiGateway) {
    requireSome("features.aiGateway.providers", "a provider, such as AiProvider.openai()", aiGateway.providers, scope);
  }
  if (webhooks) {
    requireSome(
      "features.webhooks.hosts",
      "a host that receives them, such as 'hooks.example.com'",
      webhooks.hosts,
      scope,
    );
  }
  const lists: [string, string[]][] = [
    ...(aiGateway?.providers ?? []).map(({ name, hosts }): [string, string[]] => {
      requireSome("features.aiGateway.providers", `a host for '${name}'`, hosts, scope);
      return ["features.aiGateway.providers", hosts];
    }),
    ["features.webhooks.hosts", webhooks?.hosts ?? []],
    ["egress.hosts", egress.hosts ?? []],
  ];
  for (const [prop, hosts] of lists) egressTargets(prop, hosts, Port.HEALTH, scope);

  const hosts = lists.flatMap(([, list]) => list);
  const isDirect = hasDirectEgress(stores);
  const storeHosts = isDirect ? [] : stores.flatMap((store) => store.hosts ?? []);
  if (hosts.length === 0) {
    const [unused] = Object.keys(egress.privateHosts ?? {});
    if (unused !== undefined) {
      throw new ValidationError(
        "PrivateHost",
        `'egress.privateHosts' must have hosts of a feature or of 'egress.hosts', got: '${unused}'`,
        scope,
      );
    }
    if (storeHosts.length === 0) return undefined;
  }
  if (isDirect) {
    throw new ValidationError(
      "EgressBesideStore",
      "'egress', 'features.aiGateway' and 'features.webhooks' need external stores that have a host name and no address, because the server has direct egress to an address, which would bypass the list of hosts",
      scope,
    );
  }
  const { privateHosts, image } = egress;
  return new EgressProxy(scope, "egress", { network, hosts, stores: storeHosts, privateHosts, image });
}

function requireSome(prop: string, what: string, given: readonly unknown[], scope: Construct): void {
  if (given.length === 0) throw new ValidationError("FeatureHosts", `'${prop}' must name ${what}`, scope);
}
