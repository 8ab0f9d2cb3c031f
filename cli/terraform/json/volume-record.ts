import { RECORDED_VOLUME, VOLUME_RECORD } from "../../../lib/contract/volume-record";
import type { ModuleState, Plan, ResourceChange } from "./plan-json";
import type { State } from "./state";

/** What a plan does with the use of a volume. */
export interface VolumeUse {
  /** The volume's name on the engine. */
  readonly name: string;

  /** Address of the record of the use. */
  readonly address: string;

  /** Whether the stack begins to use the volume, goes on, or does not use it any more. The volume itself stays. */
  readonly use: "begins" | "goes on" | "ends";
}

interface Mounting {
  readonly type: string;
  readonly values?: { readonly [attribute: string]: unknown } | null;
}

/** Whether a resource is the record of a volume, which holds no data itself. */
export function isRecord({ type, change: { before, after } }: ResourceChange): boolean {
  return [before, after].some((values) => recordedName({ type, values }) !== undefined);
}

/** Every volume whose use a plan records. A volume that another record goes on using does not end. */
export function volumeUses(plan: Plan): VolumeUse[] {
  const records = (plan.resource_changes ?? []).filter(isRecord);
  const names = (side: "before" | "after") =>
    new Map(records.flatMap((record) => nameOn(record, side)).map(({ name, address }) => [name, address]));
  const [before, after] = [names("before"), names("after")];
  return [
    ...[...after].map(([name, address]) => ({ name, address, use: before.has(name) ? "goes on" : "begins" }) as const),
    ...[...before]
      .filter(([name]) => !after.has(name))
      .map(([name, address]) => ({ name, address, use: "ends" }) as const),
  ];
}

/** Names of the volumes that a stack had when it was planned: recorded, mounted, or resources of their own. */
export function volumesBefore(plan: Plan): Set<string> {
  return new Set(resourcesBefore(plan).flatMap(namesIn));
}

/** Names of the volumes that containers of a stack had mounted when it was planned, removed containers too. */
export function mountedBefore(plan: Plan): Set<string> {
  return new Set(resourcesBefore(plan).flatMap(mountedNames));
}

/** Names of all volumes of a state, in order. */
export function volumesOf(state: State): string[] {
  const names = state.instances.flatMap(({ type, attributes }) => namesIn({ type, values: attributes }));
  return [...new Set(names)].sort();
}

function resourcesBefore(plan: Plan): Mounting[] {
  const planned = [...(plan.resource_changes ?? []), ...(plan.resource_drift ?? [])];
  return [
    ...planned.map(({ type, change }) => ({ type, values: change.before })),
    ...resourcesOf(plan.prior_state?.values?.root_module),
  ];
}

function resourcesOf(module: ModuleState | undefined): Mounting[] {
  return [...(module?.resources ?? []), ...(module?.child_modules ?? []).flatMap(resourcesOf)];
}

function nameOn(record: ResourceChange, side: "before" | "after"): { name: string; address: string }[] {
  const { type, address, change } = record;
  const name = recordedName({ type, values: change[side] }) ?? (side === "before" ? importedName(record) : undefined);
  return name === undefined ? [] : [{ name, address }];
}

// A record that was imported has the volume's name as its id, and no input yet.
function importedName({ change: { before, importing } }: ResourceChange): string | undefined {
  const id = before?.id ?? importing?.id;
  return before?.input === null || importing ? text(id) : undefined;
}

function namesIn(resource: Mounting): string[] {
  const { type, values } = resource;
  const own = type === "docker_volume" ? text(values?.name) : recordedName(resource);
  return [...(own === undefined ? [] : [own]), ...mountedNames(resource)];
}

function recordedName({ type, values }: Mounting): string | undefined {
  if (type !== VOLUME_RECORD) return undefined;
  const input = values?.input as { value?: object; [RECORDED_VOLUME]?: unknown } | null | undefined;
  // A state's file has the value of an `input` beside its type.
  return text(input?.[RECORDED_VOLUME] ?? (input?.value as typeof input)?.[RECORDED_VOLUME]);
}

function mountedNames({ type, values }: Mounting): string[] {
  if (type !== "docker_container") return [];
  return [
    ...blocksOf(values?.volumes).map((block) => block?.volume_name),
    ...blocksOf(values?.mounts).map((block) => block?.type === "volume" && block.source),
  ].flatMap((name) => text(name) ?? []);
}

function blocksOf(value: unknown): ({ readonly [attribute: string]: unknown } | null)[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
