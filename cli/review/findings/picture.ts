import { egressHosts } from "../access/egress-access";
import { includes } from "../access/port-changes";
import { portName, portsOf } from "../plan/container";
import type { Port } from "../plan/container";
import type { Attributes } from "../plan/attributes";
import type { PlannedContainer } from "../plan/container-change";
import type { Engine, EngineNetwork } from "../plan/docker-objects";
import type { Picture, PictureLine } from "../model/model";

const MAX_LINES = 24;

/** What of networks, ports and egress differs before and after; undefined if nothing does, or too much. */
export function pictureOf(containers: readonly PlannedContainer[], engine: Engine): Picture | undefined {
  const lines = containers.flatMap((container): PictureLine[] => {
    if (container.action === "nothing") return [];
    const { name, before, after, address } = container;
    const [old, now] = [
      before ? linesOf(name, before, engine.networksBefore(before)) : [],
      after ? linesOf(name, after, engine.networksAfter(address, after)) : [],
    ];
    const keyOf = (line: Omit<PictureLine, "state">) => JSON.stringify(line);
    const [had, has] = [new Set(old.map(keyOf)), new Set(now.map(keyOf))];
    const [ports, others] = [portsIn(before), portsIn(after)];
    // A port that opens at more addresses is not gone.
    const widened = new Set(
      ports.filter((port) => others.some((other) => includes(other, port))).map((port) => portName(port)),
    );
    const found: PictureLine[] = [
      ...old
        .filter((line) => has.has(keyOf(line)) || line.kind !== "port" || !widened.has(line.to))
        .map((line) => ({ ...line, state: has.has(keyOf(line)) ? ("same" as const) : ("removed" as const) })),
      ...now.filter((line) => !had.has(keyOf(line))).map((line) => ({ ...line, state: "new" as const })),
    ];
    return !container.job || !container.ours || found.some(changesOutside) ? found : [];
  });
  // A container without any difference is not in the picture.
  const changed = new Set(lines.filter(({ state }) => state !== "same").map(({ container }) => container));
  const shown = lines.filter(({ container }) => changed.has(container));
  return shown.length === 0 || shown.length > MAX_LINES ? undefined : { lines: shown };
}

// Of the library's own jobs, which run for a moment, only a connection to outside is news.
function changesOutside({ kind, state }: PictureLine): boolean {
  return state !== "same" && kind !== "internal network";
}

function portsIn(side: Attributes | undefined): Port[] {
  return side && !side.isSensitive("ports") ? portsOf(side) : [];
}

function linesOf(
  container: string,
  attributes: Attributes,
  networks: readonly EngineNetwork[],
): Omit<PictureLine, "state">[] {
  const isHidden = (name: string) => attributes.isSensitive(name);
  return [
    ...(isHidden("ports") ? [] : portsOf(attributes)).map((port) => ({
      kind: "port" as const,
      container,
      to: portName(port),
    })),
    ...(isHidden("networks_advanced") ? [] : networks).map(({ name, internal }) => ({
      kind: internal ? ("internal network" as const) : ("network" as const),
      container,
      to: name,
    })),
    ...egressHosts(attributes).map((to) => ({ kind: "egress" as const, container, to })),
  ];
}
