import { ContainerRole } from "../../../lib/contract/container-roles";
import type { Plan } from "../../terraform/json/plan-json";
import { Attributes } from "../plan/attributes";
import type { Configuration } from "../plan/configuration";
import type { PlannedContainer } from "../plan/container-change";
import { egressChanges } from "./egress-access";
import type { Engine } from "../plan/docker-objects";
import { rightsChanges } from "./host-rights";
import { adminGroupsTold, loginChanges } from "./login-access";
import { attachedByHand, networkChanges } from "./network-access";
import { storeKeyChanges } from "./store-key-access";
import { gatewayChanges } from "./gateway-access";
import type { AccessChange } from "../model/model";
import { serverChanges } from "./server-access";
import { portChanges } from "./port-changes";

const RANKS = { opens: 0, closes: 1, changes: 2 };

/** Access that the apply opens and closes: ports, egress, rights on the host, logins and features. */
export function accessChanges(
  plan: Plan,
  containers: readonly PlannedContainer[],
  engine: Engine,
  configuration: Configuration,
): AccessChange[] {
  // As Terraform had deployed it: a container that has stopped since has no ports.
  const deployed = new Map(
    (plan.resource_drift ?? []).map((change) => [change.address, Attributes.before(change)] as const),
  );
  const gateway = containers.find(isGateway);
  const [login, egress] = [ContainerRole.OAUTH2_PROXY, ContainerRole.EGRESS_PROXY].map((wanted) =>
    containers.find(({ role }) => role === wanted),
  );
  const found = containers.flatMap((container): AccessChange[] => {
    if (container.action === "nothing") return [];
    const before = deployed.get(container.address) ?? container.before;
    const { after } = container;
    return [
      ...portChanges(container, before, after, gateway),
      ...egressChanges(container),
      ...rightsChanges(container, before, after),
      ...loginChanges(container, configuration, gateway),
      ...storeKeyChanges(container),
      ...(isGateway(container)
        ? gatewayChanges(container, configuration, adminGroupsTold(login, configuration, container))
        : []),
      ...(container.job ? [] : serverChanges(container, gateway, egress)),
    ];
  });
  found.push(...networkChanges(containers, engine), ...attachedByHand(plan, engine));
  return found.sort((a, b) => rank(a) - rank(b) || (b.weight ?? 0) - (a.weight ?? 0));
}

function rank({ effect, danger }: AccessChange): number {
  return danger ? -1 : RANKS[effect];
}

function isGateway({ role }: PlannedContainer): boolean {
  return role === ContainerRole.GATEWAY;
}
