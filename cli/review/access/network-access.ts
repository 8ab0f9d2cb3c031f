import { ContainerRole } from "../../../lib/contract/container-roles";
import { CADDY_FOLDER } from "../../../lib/contract/gateway-settings";
import { actionOf } from "../../terraform/json/plan-actions";
import type { Plan, Values } from "../../terraform/json/plan-json";
import { isObject } from "../../console/parse-json";
import { filesOf, portsOf } from "../plan/container";
import { isOwnText } from "../plan/library-files";
import { egressHosts } from "./egress-access";
import { ownLogin } from "./service-login";
import { Attributes } from "../plan/attributes";
import type { PlannedContainer } from "../plan/container-change";
import type { Engine, EngineNetwork } from "../plan/docker-objects";
import { ALL_DATA, WEIGHTS, closes, dataOf, endangers, opens } from "../model/access-change";
import type { AccessChange } from "../model/model";
import { join, names, text, words } from "../model/text";
import type { Text } from "../model/text";

// Docker's own, on which a container stands that names no network.
const DEFAULT_NETWORK = "bridge";
// A right on the host: `rightsChanges()` tells it.
const HOST_NETWORK = "host";

/** What each container reaches by its networks after the apply and not before, and the reverse. */
export function networkChanges(containers: readonly PlannedContainer[], engine: Engine): AccessChange[] {
  const attached = containers.map((container) => ({ container, ...networksOf(container, engine) }));
  // Services of the stack that stand on a network already. A job is there for a moment only.
  const standing = (network: string) =>
    attached.filter(
      ({ container, old, now }) =>
        container.role !== ContainerRole.GATEWAY && !container.job && holds(old, network) && holds(now, network),
    );
  return attached.flatMap(({ container, old, now }): AccessChange[] => {
    if (container.action === "nothing") return [];
    const joined = now.filter(({ name }) => !holds(old, name));
    const reached = joined.flatMap(({ name, isOfPlan, isolates }) => {
      const others = standing(name)
        .map((peer) => peer.container)
        .filter((peer) => peer !== container);
      if (name === HOST_NETWORK) return [];
      if (!isOfPlan && (container.before || name !== DEFAULT_NETWORK))
        return [
          endangers(
            text`${container.name} joins the network ${name}, which is not of this stack: whoever is on it reaches ${container.name} ${words(loginOf(container) ? "past the gateway; it still asks for its own password" : "without a login")}`,
          ),
        ];
      return isolates || others.length === 0 || isExpected(container) ? [] : [reaches(container, name, others)];
    });
    return [...reached, ...egressChanges(container, old, now, hostsOf(container, containers, engine))];
  });
}

// Besides the gateway, most services of the library ask for a password or a key of their own.
function reaches({ name }: PlannedContainer, network: string, others: readonly PlannedContainer[]): AccessChange {
  const [asking, open] = [true, false].map((asks) =>
    others.filter((peer) => (loginOf(peer) !== undefined) === asks).map((peer) => peer.name),
  ) as [string[], string[]];
  const parts = [
    ...(open.length > 0 ? [text`and reaches ${names(open.sort())} there without a login, past the gateway`] : []),
    ...(asking.length > 0
      ? [
          text`${words(open.length > 0 ? "besides" : "and reaches")} ${names(asking.sort())} there past the gateway: ${words(loginsOf(others))}`,
        ]
      : []),
  ];
  const holdsData = others.some(
    ({ role }) =>
      role === ContainerRole.DATABASE || role === ContainerRole.OBJECT_STORE || role === ContainerRole.SERVER,
  );
  const clause = text`${name} reaches the service that holds it, and only the password or the keys which that service asks for protect it`;
  return endangers(
    text`${name} joins the network ${network}, ${join(parts, "; ")}`,
    holdsData ? { over: open.length > 0 ? dataOf(name) : { contents: ALL_DATA, who: name, clause } } : {},
  );
}

function loginsOf(containers: readonly PlannedContainer[]): string {
  const logins = [...new Set(containers.flatMap((container) => loginOf(container) ?? []))].sort();
  return [logins.slice(0, -1).join(", "), ...logins.slice(-1)].filter(Boolean).join(", and ");
}

function loginOf({ ours, role, after }: PlannedContainer): string | undefined {
  return ours && after ? ownLogin(role, after) : undefined;
}

/**
 * Networks to which somebody attached a container by hand. The ones that its code names are none of them: the state of
 * a container whose apply was interrupted does not have its networks yet.
 */
export function attachedByHand(plan: Plan, engine: Engine): AccessChange[] {
  return (plan.resource_drift ?? []).flatMap((drift) => {
    const { type, address, change } = drift;
    const before = Attributes.before(drift);
    if (type !== "docker_container" || !change.before || !change.after || !before) return [];
    const known = attachedNetworks(change.before);
    for (const network of engine.networksBefore(before)) known.add(network.name);
    const name = typeof change.after.name === "string" ? change.after.name : address;
    const isReplaced = plan.resource_changes?.some((one) => one.address === address && actionOf(one) === "replace");
    return [...attachedNetworks(change.after)]
      .filter((network) => !known.has(network))
      .map((network) => {
        const found = text`somebody has attached ${name} to the network ${network} by hand: what is there reaches it past the gateway`;
        return isReplaced
          ? closes(text`${found}; the apply puts it right`)
          : endangers(text`${found}; the apply leaves it so`);
      });
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

// Only a proxy with the gateway's program and the library's rules is known to connect to its hosts and no others.
function hostsOf(
  { ours, role, address, after }: PlannedContainer,
  containers: readonly PlannedContainer[],
  engine: Engine,
) {
  if (!ours || role !== ContainerRole.EGRESS_PROXY || !after) return undefined;
  const rules = filesOf(after).get(`${CADDY_FOLDER}/Caddyfile`)?.content;
  const gateway = containers.find((container) => container.ours && container.role === ContainerRole.GATEWAY);
  const program = gateway?.before
    ? engine.imageBefore(gateway.before)
    : gateway?.after && engine.imageAfter(gateway.address, gateway.after);
  const isKnown = rules !== undefined && isOwnText(rules) && program === engine.imageAfter(address, after);
  return isKnown && program !== undefined ? egressHosts(after) : undefined;
}

function egressChanges(
  container: PlannedContainer,
  old: EngineNetwork[],
  now: EngineNetwork[],
  hosts: readonly string[] | undefined,
): AccessChange[] {
  const { name, before, after } = container;
  const [had, has] = [old, now].map((networks) => networks.some(({ internal }) => !internal));
  // A service of the library that publishes ports needs such a network. The review lists the ports.
  if (!before && after && portsOf(after).length > 0 && isExpected(container)) return [];
  if (has && !had)
    return [
      opens(
        hosts && hosts.length > 0
          ? text`connections from ${name} to ${names(hosts)}, and to no other outside address`
          : egressOf(name),
        { weight: WEIGHTS.egress },
      ),
    ];
  return after && had && !has ? [closes(egressOf(name))] : [];
}

function egressOf(name: string): Text {
  return text`connections from ${name} to any outside address`;
}
