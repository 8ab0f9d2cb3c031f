import { VOLUME_RECORD } from "../../../lib/contract/volume-record";
import { actionOf } from "../../terraform/json/plan-actions";
import type { Plan, ResourceChange } from "../../terraform/json/plan-json";
import { mountedBefore, volumeUses, volumesBefore } from "../../terraform/json/volume-record";
import { nameOf } from "../plan/attributes";
import type { PlannedContainer } from "../plan/container-change";
import type { Engine } from "../plan/docker-objects";
import type { DataFinding } from "../model/model";
import { names, text } from "../model/text";
import type { Text } from "../model/text";

export const VOLUME = "docker_volume";

/** The volumes of a plan. Each list is made once. */
export class PlanVolumes {
  public readonly uses;
  public readonly known;
  public readonly mounted;
  public readonly changes: readonly ResourceChange[];

  readonly #imported: ReadonlySet<unknown>;

  constructor(plan: Plan) {
    this.uses = volumeUses(plan);
    this.known = volumesBefore(plan);
    this.mounted = mountedBefore(plan);
    this.changes = plan.resource_changes ?? [];
    const records = this.changes.filter(({ type }) => type === VOLUME_RECORD);
    this.#imported = new Set(records.flatMap(({ change }) => [change.importing?.id, change.before?.id]));
  }

  /** Whether the stack uses a volume after the apply. */
  public isUsed(volume: string): boolean {
    return this.uses.some(({ name, use }) => name === volume && use !== "ends");
  }

  /** Whether the record of a volume was imported. */
  public isImported(volume: string): boolean {
    return this.#imported.has(volume);
  }
}

/**
 * What becomes of volumes by their names.
 *
 * @param told the volumes of which another finding tells.
 */
export function volumeFindings(
  volumes: PlanVolumes,
  containers: readonly PlannedContainer[],
  engine: Engine,
  told: ReadonlySet<string>,
): DataFinding[] {
  const mounts = containers.flatMap((container) => mountFindings(container, engine, told));
  const covered = new Set([...told, ...mounts.map(({ left }) => left)]);
  return [
    ...mounts.map(({ finding }) => finding),
    ...volumes.changes.flatMap(volumeFinding),
    ...recordFindings(volumes, covered, told),
    ...kept(volumes, told),
  ];
}

function volumeFinding(change: ResourceChange): DataFinding[] {
  if (change.type !== VOLUME) return [];
  const name = nameOf(change);
  if (change.change.importing) return [warning(text`the volume ${name} is taken over, with what is in it`)];
  if (actionOf(change) !== "create") return [];
  return [
    { effect: "new", text: text`the volume ${name} is empty, unless one of this name exists: that is taken over` },
  ];
}

function recordFindings(volumes: PlanVolumes, covered: ReadonlySet<string>, told: ReadonlySet<string>): DataFinding[] {
  return volumes.uses.flatMap(({ name, use }): DataFinding[] => {
    if (use === "ends")
      return covered.has(name)
        ? []
        : [unreachable(text`the volume ${name} is not used any more: it stays on the engine, with what is in it`)];
    if (use === "begins" && !volumes.known.has(name) && !told.has(name))
      return [{ effect: "new", text: text`the volume ${name} is empty, unless one of this name exists` }];
    return use === "goes on" && !volumes.mounted.has(name) && volumes.isImported(name)
      ? [warning(text`the volume ${name} is taken over, with what is in it`)]
      : [];
  });
}

function mountFindings(
  { name, before, after, address, job }: PlannedContainer,
  engine: Engine,
  told: ReadonlySet<string>,
): { finding: DataFinding; left: string }[] {
  if (!before || !after || job) return [];
  const now = engine.mountsAfter(address, after);
  return [...engine.mountsBefore(before)].flatMap(([path, source]) => {
    const next = now.get(path);
    if (next === source || told.has(source)) return [];
    const sentence =
      next === undefined
        ? text`${name} no longer uses ${source}, which it had at ${path}`
        : text`${name} uses ${next} instead of ${source} at ${path}: what is in the old one is not moved`;
    return [{ finding: unreachable(sentence), left: source }];
  });
}

// An object that a failed replacement has left may have the name of the volume in use.
function kept(volumes: PlanVolumes, told: ReadonlySet<string>): DataFinding[] {
  const untouched = [
    ...volumes.changes
      .filter((change) => change.type === VOLUME && change.mode !== "data" && /none|update/.test(actionOf(change)))
      .map((change) => nameOf(change)),
    ...volumes.uses.flatMap(({ name, use }) => (use !== "ends" && volumes.known.has(name) ? [name] : [])),
  ].filter((name) => !told.has(name));
  if (untouched.length === 0) return [];
  return [{ effect: "kept", text: names([...new Set(untouched)].sort()) }];
}

function unreachable(sentence: Text): DataFinding {
  return {
    effect: "unreachable",
    text: sentence,
    wayBack: ["take this change back, as long as nobody deletes it"],
  };
}

function warning(sentence: Text): DataFinding {
  return { effect: "warning", text: sentence };
}
