import { ContainerRole } from "../../../lib/contract/container-roles";
import type { Plan } from "../../terraform/json/plan-json";
import { Attributes } from "../plan/attributes";
import type { Configuration } from "../plan/configuration";
import { portName, portsOf } from "../plan/container";
import type { PlannedContainer } from "../plan/container-change";
import { egressChanges } from "./egress-access";
import type { Engine } from "../plan/engine";
import { rightsChanges } from "./host-rights";
import { loginChanges } from "./login-access";
import { attachedByHand, networkChanges } from "./network-access";
import { storeKeyChanges } from "./store-key-access";
import { gatewayChanges } from "./gateway-access";
import type { AccessChange } from "../model/model";
import { serverChanges } from "./server-access";
import { closes, endangers, opens } from "../model/access-change";
import { text } from "../model/text";

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
  const hasGateway = containers.some(isGateway);
  const found = containers.flatMap((container): AccessChange[] => {
    if (container.action === "nothing") return [];
    const before = deployed.get(container.address) ?? container.before;
    const { after } = container;
    return [
      ...portChanges(container, before, after, hasGateway && !isGateway(container)),
      ...egressChanges(container),
      ...rightsChanges(container, before, after),
      ...loginChanges(container, configuration),
      ...storeKeyChanges(container),
      ...(isGateway(container) ? gatewayChanges(container, configuration) : []),
      ...(container.job ? [] : serverChanges(container)),
    ];
  });
  found.push(...networkChanges(containers, engine), ...attachedByHand(plan));
  return found.sort((a, b) => rank(a) - rank(b));
}

function rank({ effect, danger }: AccessChange): number {
  return danger ? -1 : RANKS[effect];
}

function isGateway({ role }: PlannedContainer): boolean {
  return role === ContainerRole.GATEWAY;
}

function portChanges(
  { name }: PlannedContainer,
  before?: Attributes,
  after?: Attributes,
  past = false,
): AccessChange[] {
  const [old = [], now = []] = [before, after].map((side) =>
    side && !side.isSensitive("ports") ? portsOf(side).map((port) => ({ ...port, label: portName(port) })) : [],
  );
  const opened = now.flatMap(({ label, address, internal }): AccessChange[] => {
    const former = old.find((port) => port.label === label);
    const where = text`port ${label} leads to ${name}, ${[reach(address)]}`;
    if (former?.internal === internal && former) return [];
    if (former)
      return [
        endangers(
          text`port ${label} of ${name} leads to another program in it: that at port ${String(internal)} instead of ${String(former.internal)}`,
        ),
      ];
    if (!past) return [opens(where)];
    return [(/^127\.|^::1$/.test(address) ? opens : endangers)([...where, ", past the gateway and its login"])];
  });
  const closed = old.filter(({ label }) => !now.some((port) => port.label === label));
  return [
    ...opened,
    ...closed.map(({ label }): AccessChange => closes(text`port ${label}, which led to ${name}`)),
    ...(after?.value("publish_all_ports") === true && before?.value("publish_all_ports") !== true
      ? [endangers(text`every port of ${name} that its image names, ${[reach("0.0.0.0")]}`)]
      : []),
  ];
}

function reach(address: string): string {
  if (isEverywhere(address)) return "from everywhere that reaches the host";
  return /^127\.|^::1$/.test(address) ? "from the host itself only" : "from everywhere that reaches this address";
}

function isEverywhere(address: string): boolean {
  return /^(0\.0\.0\.0|::)$/.test(address);
}
