import { ContainerRole } from "../../../lib/contract/container-roles";
import { actionOf } from "../../terraform/json/plan-actions";
import type { Plan, Values } from "../../terraform/json/plan-json";
import { isObject } from "../../console/parse-json";
import { portsOf } from "../plan/container";
import type { PlannedContainer } from "../plan/container-change";
import type { Engine, EngineNetwork } from "../plan/engine";
import { closes, endangers, opens } from "../model/access-change";
import type { AccessChange } from "../model/model";
import { names, text } from "../model/text";
import type { Text } from "../model/text";

// Docker's own, on which a container stands that names no network.
const DEFAULT_NETWORK = "bridge";
// A right on the host: `rightsChanges()` tells it.
const HOST_NETWORK = "host";

/** What each container reaches by its networks after the apply and not before, and the reverse. */
export function networkChanges(containers: readonly PlannedContainer[], engine: Engine): AccessChange[] {
  const attached = containers.map((container) => ({ container, ...networksOf(container, engine) }));
  // Services of the stack that stand on a network already. Only the gateway asks for a login.
  const standing = (network: string) =>
    attached.filter(
      ({ container, old, now }) =>
        container.role !== ContainerRole.GATEWAY && holds(old, network) && holds(now, network),
    );
  return attached.flatMap(({ container, old, now }): AccessChange[] => {
    if (container.action === "nothing") return [];
    const joined = now.filter(({ name }) => !holds(old, name));
    const reached = joined.flatMap(({ name, isOfPlan, isolates }) => {
      const peers = standing(name).map((peer) => peer.container.name);
      const others = peers.filter((peer) => peer !== container.name).sort();
      if (name === HOST_NETWORK) return [];
      if (!isOfPlan && (container.before || name !== DEFAULT_NETWORK))
        return [
          endangers(
            text`${container.name} joins the network ${name}, which is not of this stack: whoever is on it reaches ${container.name} without a login`,
          ),
        ];
      if (isolates || others.length === 0 || isExpected(container)) return [];
      return [
        endangers(
          text`${container.name} joins the network ${name}, and reaches ${names(others)} there without a login, past the gateway`,
        ),
      ];
    });
    return [...reached, ...egressChanges(container, old, now)];
  });
}

/** Networks to which somebody attached a container by hand. Terraform does not put this right. */
export function attachedByHand(plan: Plan): AccessChange[] {
  return (plan.resource_drift ?? []).flatMap(({ type, address, change }) => {
    if (type !== "docker_container" || !change.before || !change.after) return [];
    const [old, now] = [change.before, change.after].map(attachedNetworks);
    const name = typeof change.after.name === "string" ? change.after.name : address;
    const isReplaced = plan.resource_changes?.some((one) => one.address === address && actionOf(one) === "replace");
    const end = isReplaced ? "the apply puts it right" : "the apply leaves it so";
    return [...(now ?? [])]
      .filter((network) => !old?.has(network))
      .map((network) =>
        endangers(
          text`somebody has attached ${name} to the network ${network} by hand: what is there reaches it without a login; ${[end]}`,
        ),
      );
  });
}

function attachedNetworks(values: Values): Set<string> {
  const data = Array.isArray(values.network_data) ? values.network_data.filter(isObject) : [];
  return new Set(data.flatMap(({ network_name: name }) => (typeof name === "string" && name !== "" ? [name] : [])));
}

function networksOf({ before, after, address }: PlannedContainer, engine: Engine) {
  const isHidden = before?.isSensitive("networks_advanced") || after?.isSensitive("networks_advanced");
  return {
    old: before && !isHidden ? engine.networksBefore(before) : [],
    now: after && !isHidden ? engine.networksAfter(address, after) : [],
  };
}

function holds(networks: readonly EngineNetwork[], wanted: string): boolean {
  return networks.some(({ name }) => name === wanted);
}

// The library's own services belong on the stack's networks.
function isExpected({ ours, role }: PlannedContainer): boolean {
  return ours && Object.values(ContainerRole).some((known) => known === role);
}

function egressChanges(container: PlannedContainer, old: EngineNetwork[], now: EngineNetwork[]): AccessChange[] {
  const { name, before, after } = container;
  const [had, has] = [old, now].map((networks) => networks.some(({ internal }) => !internal));
  // A service of the library that publishes ports needs such a network. The review lists the ports.
  if (!before && after && portsOf(after).length > 0 && isExpected(container)) return [];
  if (has && !had) return [opens(egressOf(name))];
  return after && had && !has ? [closes(egressOf(name))] : [];
}

function egressOf(name: string): Text {
  return text`connections from ${name} to any outside address`;
}
