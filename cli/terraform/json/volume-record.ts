import { MOUNTED_VOLUMES, RECORDED_VOLUME, VOLUME_RECORD } from "../../../lib/contract/volume-record";
import type { ModuleState, Plan, ResourceChange } from "./plan-json";
import type { State } from "./state";

/** What a plan does with the use of a volume. */
export interface VolumeUse {
  /** The volume's name on the engine. */
  readonly name: string;

  /** Address of the record of the use, or of a container that mounts the volume. */
  readonly address: string;

  /** Whether the stack begins to use the volume, goes on, or no longer uses it. The volume itself stays. */
  readonly use: "begins" | "goes on" | "ends";
}

/** Names of the volumes of a state. */
export interface StateVolumes {
  /** Volumes of the stack: recorded, or resources. */
  readonly own: string[];

  /** Volumes that containers of the stack mount, and that may be another stack's. */
  readonly mounted: string[];
}

interface Mounting {
  readonly type: string;
  readonly values?: { readonly [attribute: string]: unknown } | null;
}

/** Whether a resource is a record of volumes, which holds no data itself. */
export function isRecord({ type, change: { before, after } }: ResourceChange): boolean {
  return [before, after].some(
    (values) => recordedName({ type, values }) !== undefined || recordedMounts({ type, values }).length > 0,
  );
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

/** Every volume that only containers name: neither a record nor a `docker_volume` of the plan has its name. */
export function mountedUses(plan: Plan): VolumeUse[] {
  const changes = plan.resource_changes ?? [];
  const [before, mounted, known] = [mountedBefore(plan), new Set<string>(), volumesBefore(plan)];
  const own = new Set([
    ...volumeUses(plan).map(({ name }) => name),
    ...changes.flatMap(({ type, change }) =>
      [change.before, change.after].flatMap((values) => ownNames({ type, values })),
    ),
  ]);
  const uses: VolumeUse[] = [];
  for (const { type, address, change } of changes) {
    for (const name of mountedNames({ type, values: change.after })) {
      if (own.has(name) || mounted.has(name)) continue;
      mounted.add(name);
      uses.push({ name, address, use: known.has(name) ? "goes on" : "begins" });
    }
  }
  for (const { type, address, change } of changes) {
    for (const name of mountedNames({ type, values: change.before })) {
      if (!before.delete(name) || own.has(name) || mounted.has(name)) continue;
      uses.push({ name, address, use: "ends" });
    }
  }
  return uses;
}

/** Addresses of the containers that had mounted a volume when a stack was planned, removed ones too. */
export function mountersBefore(plan: Plan, volume: string): string[] {
  const mounting = resourcesBefore(plan).filter((resource) => mountedNames(resource).includes(volume));
  return [...new Set(mounting.map(({ address }) => address))];
}

/** Names of the volumes that a stack had when it was planned: recorded, mounted, or resources of their own. */
export function volumesBefore(plan: Plan): Set<string> {
  return new Set(resourcesBefore(plan).flatMap(namesIn));
}

/** Names of the volumes that containers of a stack had mounted when it was planned, removed containers too. */
export function mountedBefore(plan: Plan): Set<string> {
  return new Set(resourcesBefore(plan).flatMap(mountedNames));
}

/** The volumes of a state, by name and in order. */
export function volumesOf(state: State): StateVolumes {
  const resources = state.instances.map(({ type, attributes }) => ({ type, values: attributes }));
  const own = new Set(resources.flatMap(ownNames));
  const mounted = new Set(resources.flatMap((resource) => [...mountedNames(resource), ...recordedMounts(resource)]));
  return { own: [...own].sort(), mounted: [...mounted].filter((name) => !own.has(name)).sort() };
}

function resourcesBefore(plan: Plan): (Mounting & { readonly address: string })[] {
  const planned = [...(plan.resource_changes ?? []), ...(plan.resource_drift ?? [])];
  return [
    ...planned.map(({ address, type, change }) => ({ address, type, values: change.before })),
    ...resourcesOf(plan.prior_state?.values?.root_module),
  ];
}

function resourcesOf(module: ModuleState | undefined): (Mounting & { readonly address: string })[] {
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
  return [...ownNames(resource), ...mountedNames(resource), ...recordedMounts(resource)];
}

function ownNames(resource: Mounting): string[] {
  const { type, values } = resource;
  const own = type === "docker_volume" ? text(values?.name) : recordedName(resource);
  return own === undefined ? [] : [own];
}

function recordedName(resource: Mounting): string | undefined {
  return text(recorded(resource, RECORDED_VOLUME));
}

function recordedMounts(resource: Mounting): string[] {
  const names = recorded(resource, MOUNTED_VOLUMES);
  return Array.isArray(names) ? names.flatMap((name) => text(name) ?? []) : [];
}

function recorded({ type, values }: Mounting, key: string): unknown {
  if (type !== VOLUME_RECORD) return undefined;
  const input = values?.input as { value?: object; [key: string]: unknown } | null | undefined;
  // A state's file has the value of an `input` beside its type.
  return input?.[key] ?? (input?.value as typeof input)?.[key];
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
