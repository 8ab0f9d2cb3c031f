import { ContainerRole } from "../../../lib/contract/container-roles";
import type { Plan } from "../../terraform/plan-json";
import { Attributes } from "../plan/attributes";
import type { Configuration } from "../plan/configuration";
import { portName, portsOf } from "../plan/container";
import type { PlannedContainer } from "../plan/container-change";
import { egressChanges } from "./egress-access";
import type { Engine } from "../plan/engine";
import { gatewayChanges } from "./gateway-access";
import type { AccessChange } from "../model/model";
import { serverChanges } from "./server-access";
import { closes, opens } from "../model/access-change";
import { text } from "../model/text";
import type { Text } from "../model/text";

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
      ...networkChanges(container, engine),
      ...egressChanges(container),
      ...rightsChanges(container, before, after),
      ...(isGateway(container) ? gatewayChanges(container, configuration) : []),
      ...(container.job ? [] : serverChanges(container)),
    ];
  });
  return found.sort((a, b) => RANKS[a.effect] - RANKS[b.effect]);
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
  const [old, now] = [before, after].map((side) =>
    side && !side.isSensitive("ports") ? portsOf(side).map((port) => ({ ...port, label: portName(port) })) : [],
  );
  const opened = (now ?? []).filter(({ label }) => !old?.some((port) => port.label === label));
  const closed = (old ?? []).filter(({ label }) => !now?.some((port) => port.label === label));
  return [
    ...opened.map(({ label, address }): AccessChange => {
      const where = text`port ${label} leads to ${name}, ${[reach(address)]}`;
      return opens(past ? [...where, ", past the gateway and its login"] : where);
    }),
    ...closed.map(({ label }): AccessChange => closes(text`port ${label}, which led to ${name}`)),
  ];
}

function reach(address: string): string {
  if (address === "0.0.0.0" || address === "::") return "from everywhere that reaches the host";
  return /^127\.|^::1$/.test(address) ? "from the host itself only" : "from everywhere that reaches this address";
}

function networkChanges({ name, address, before, after, job }: PlannedContainer, engine: Engine): AccessChange[] {
  if (job || before?.isSensitive("networks_advanced") || after?.isSensitive("networks_advanced")) return [];
  const old = before ? engine.networksBefore(before).filter(({ internal }) => !internal) : [];
  const now = after ? engine.networksAfter(address, after).filter(({ internal }) => !internal) : [];
  // A container that publishes ports needs a network with egress. The review lists the ports.
  if (!before) return now.length > 0 && after && portsOf(after).length === 0 ? [opens(egressOf(name))] : [];
  if (after && now.length > 0 && old.length === 0) return [opens(egressOf(name))];
  return after && now.length === 0 && old.length > 0 ? [closes(egressOf(name))] : [];
}

function egressOf(name: string): Text {
  return text`connections from ${name} to any outside address`;
}

function rightsChanges({ name }: PlannedContainer, before?: Attributes, after?: Attributes): AccessChange[] {
  const old = before ? rights(before) : new Map<string, string>();
  const now = after ? rights(after) : new Map<string, string>();
  const added = (from: Map<string, string>, to: Map<string, string>): Text[] =>
    [...to].filter(([key]) => !from.has(key)).map(([, right]) => text`${name}: ${[right]}`);
  return [...added(old, now).map(opens), ...added(now, old).map(closes)];
}

// Rights with which a container controls the host.
function rights(container: Attributes): Map<string, string> {
  const found = new Map<string, string>();
  const open = (attribute: string) => !container.isSensitive(attribute);
  if (container.value("privileged") === true && open("privileged"))
    found.set("privileged", "all rights on the host (privileged)");
  if (container.value("network_mode") === "host" && open("network_mode"))
    found.set("network", "every port it listens on, on the host's own network");
  if (container.value("pid_mode") === "host" && open("pid_mode")) found.set("pid", "a view of the host's processes");
  const sources = ["volumes", "mounts"].flatMap((kind) =>
    open(kind) ? container.blocks(kind).map(({ host_path: path, source }) => String(path || source || "")) : [],
  );
  if (sources.some((source) => /docker\.sock$/.test(source)))
    found.set("socket", "the Docker engine itself, and with it the host (docker.sock)");
  return found;
}
