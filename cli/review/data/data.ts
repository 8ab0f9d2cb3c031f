import { missingData, removedData } from "../../terraform/json/data-loss";
import { forgetsObject } from "../../terraform/json/plan-actions";
import type { Plan } from "../../terraform/json/plan-json";
import { Attributes, nameOf } from "../plan/attributes";
import type { PlannedContainer } from "../plan/container-change";
import type { Engine } from "../plan/docker-objects";
import { backupFindings } from "./backup-data";
import { databaseReleases } from "./database-releases";
import { garbageFindings } from "./garbage-data";
import { keyFindings, workspaceFindings } from "./lost-keys";
import { lossFindings } from "./losses";
import type { DataFinding } from "../model/model";
import { text } from "../model/text";
import { storeFindings } from "./store-data";
import type { StoreFinding } from "./store-data";
import { PlanVolumes, VOLUME, volumeFindings } from "./volume-data";

const RANKS = { lost: 0, changed: 1, unreachable: 2, warning: 3, new: 4, kept: 5 };

/** Effects on data, each told once: lost data first, kept data last. */
export function dataFindings(plan: Plan, containers: readonly PlannedContainer[], engine: Engine): DataFinding[] {
  const changes = plan.resource_changes ?? [];
  const lost = [...removedData(plan), ...missingData(plan)];
  const lostNames = new Set(lost.map((change) => nameOf(change, Attributes.before(change))));
  const stores = releasesTold(storeFindings(plan, containers, engine), databaseReleases(containers)).filter(
    ({ volumes }) => !volumes.some((name) => lostNames.has(name)),
  );
  const volumes = new PlanVolumes(plan);
  const told = new Set([...lostNames, ...stores.flatMap((store) => store.volumes)]);
  const found = [
    ...lossFindings(plan, containers, engine),
    ...stores.map(({ finding }) => finding),
    ...volumeFindings(volumes, containers, engine, told),
    ...containers.flatMap(backupFindings),
    ...containers.flatMap(garbageFindings),
    ...containers.flatMap(workspaceFindings),
    ...keyFindings(changes),
    ...(plan.action_invocations ?? []).map(({ address }): DataFinding => ({
      effect: "warning",
      text: text`${address} is invoked: this review does not know what that does to data`,
    })),
    ...changes
      .filter((change) => change.type === VOLUME && forgetsObject(change))
      .map((change) => nameOf(change, Attributes.before(change)))
      .filter((name) => !volumes.isUsed(name))
      .map((name): DataFinding => ({
        effect: "unreachable",
        text: text`the volume ${name} stays on the engine, outside of this stack`,
      })),
  ];
  return found.sort((a, b) => RANKS[a.effect] - RANKS[b.effect]);
}

// A database that stays where it is may get another release. Of one that moves, the move is what counts.
function releasesTold(stores: readonly StoreFinding[], releases: readonly DataFinding[]): StoreFinding[] {
  const records = stores.find(({ finding }) => finding.content === "records");
  const [release] = releases;
  if (release === undefined || (records && records.finding.effect !== "kept")) return [...stores];
  const volumes = records?.volumes ?? [];
  return [...stores.filter((store) => store !== records), { finding: release, volumes }];
}
