import type { Construct } from "constructs";
import { egressTargets } from "./egress-hosts";
import type { EgressOptions } from "./egress-options";
import { EgressProxy } from "./egress-proxy";
import { ValidationError } from "../values/errors";
import { Port } from "../contract/ports";
import type { MlflowFeatureOptions } from "./feature-options";
import type { IServiceNetwork } from "../network/service-network";

/**
 * The egress proxy for the features and `egress` of a server, if they need one.
 *
 * @param reachesStore whether the server already has direct egress, to an external store.
 * @throws ValidationError when a feature lacks its hosts, a host is invalid, or the server has direct egress.
 */
export function serverEgress(
  scope: Construct,
  network: IServiceNetwork,
  features: MlflowFeatureOptions,
  egress: EgressOptions,
  reachesStore: boolean,
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
  if (hosts.length === 0) {
    const [unused] = Object.keys(egress.privateHosts ?? {});
    if (unused === undefined) return undefined;
    throw new ValidationError(
      "PrivateHost",
      `'egress.privateHosts' must have hosts of a feature or of 'egress.hosts', got: '${unused}'`,
      scope,
    );
  }
  if (reachesStore) {
    throw new ValidationError(
      "EgressBesideStore",
      "'egress', 'features.aiGateway' and 'features.webhooks' cannot be used with an external store, because the server has direct egress to it, which would bypass the list of hosts; keep both stores in the stack",
      scope,
    );
  }
  return new EgressProxy(scope, "egress", { network, hosts, privateHosts: egress.privateHosts, image: egress.image });
}

function requireSome(prop: string, what: string, given: readonly unknown[], scope: Construct): void {
  if (given.length === 0) throw new ValidationError("FeatureHosts", `'${prop}' must name ${what}`, scope);
}
