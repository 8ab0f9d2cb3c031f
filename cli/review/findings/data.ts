import { missingData, removedData, dataName } from "../../terraform/json/data-loss";
import { actionOf, forgetsObject } from "../../terraform/json/plan-actions";
import type { Plan, ResourceChange } from "../../terraform/json/plan-json";
import { mountedBefore, volumeUses, volumesBefore } from "../../terraform/json/volume-record";
import { Attributes, nameOf } from "../plan/attributes";
import type { PlannedContainer } from "../plan/container-change";
import { environmentOf } from "../plan/container";
import type { Engine } from "../plan/engine";
import { imageFindings } from "./images";
import type { DataFinding } from "../model/model";
import { VOLUME_RECORD } from "../../../lib/contract/volume-record";
import { names, text, words } from "../model/text";
import { storeFindings } from "./store-data";
import type { Text } from "../model/text";

const RANKS = { lost: 0, warning: 1, new: 2, kept: 3 };
const VOLUME = "docker_volume";
// Keys that MLflow encrypts records with: with a new key the old records cannot be read.
const ENCRYPTION_KEY = /webhook-secret-encryption-key|crypto-kek-passphrase/;

/** Effects on data: lost data first, kept data last. */
export function dataFindings(plan: Plan, containers: readonly PlannedContainer[], engine: Engine): DataFinding[] {
  const changes = plan.resource_changes ?? [];
  const removed = removedData(plan);
  const missing = missingData(plan);
  const users = usersByVolume(containers, engine);
  const found = [
    ...removed.map((change) => lost(loss(change, users))),
    ...missing.map((change) =>
      lost(
        isRecreated(plan, change)
          ? text`${named(change)} is no longer on the engine: its data is not there, and an empty one would be created`
          : text`${named(change)} is no longer on the engine: its data is not there`,
      ),
    ),
    ...changes.flatMap((change) => volumeFinding(change) ?? []),
    ...recordFindings(plan),
    ...containers.flatMap((container) => mountFindings(container, engine)),
    ...containers.flatMap(storeFindings),
    ...containers.flatMap(imageFindings),
    ...containers.flatMap(workspaceFindings),
    ...changes
      .filter(isLostKey)
      .map(({ address }) =>
        warning(text`${address} is recreated: what MLflow has encrypted with the old one cannot be read any more`),
      ),
    ...(plan.action_invocations ?? []).map(({ address }) =>
      warning(text`${address} is invoked: this review does not know what that does to data`),
    ),
    ...changes
      .filter((change) => change.type === VOLUME && forgetsObject(change))
      .map((change) => nameOf(change, Attributes.before(change)))
      .filter((name) => !isUsed(plan, name))
      .map((name) => warning(text`the volume ${name} stays on the engine, outside of this stack`)),
    ...kept(plan, new Set(removed.map((change) => nameOf(change, Attributes.before(change))))),
  ];
  return found.sort((a, b) => RANKS[a.effect] - RANKS[b.effect]);
}

function loss(change: ResourceChange, users: Map<string, string[]>): Text {
  const what =
    actionOf(change) === "replace"
      ? text`${named(change)} is deleted and recreated, empty`
      : text`${named(change)} is deleted, and ${words(change.type === VOLUME ? "the" : "any")} data in it`;
  const reason =
    change.action_reason === "delete_because_no_resource_config" ? [...what, ": it is no longer in the code"] : what;
  const by = users.get(nameOf(change));
  return by ? text`${reason} (used by ${names(by)})` : reason;
}

// The name inside "the volume 'x'" comes from the plan.
function named(change: ResourceChange): Text {
  const name = dataName(change);
  const inner = /^the volume '(.*)'$/s.exec(name)?.[1];
  return inner === undefined ? text`${name}` : text`the volume ${inner}`;
}

function volumeFinding(change: ResourceChange): DataFinding | undefined {
  if (change.type !== VOLUME) return undefined;
  const action = actionOf(change);
  const name = nameOf(change);
  if (change.change.importing) return warning(text`the volume ${name} is taken over, with what is in it`);
  if (action === "create")
    return {
      effect: "new",
      text: text`the volume ${name} is empty, unless one of this name exists: that is taken over`,
    };
  return undefined;
}

function recordFindings(plan: Plan): DataFinding[] {
  const known = volumesBefore(plan);
  return volumeUses(plan).flatMap(({ name, use }): DataFinding[] => {
    if (use === "ends")
      return [warning(text`the volume ${name} is not used any more: it stays on the engine, with what is in it`)];
    if (use === "begins" && !known.has(name))
      return [{ effect: "new", text: text`the volume ${name} is empty, unless one of this name exists` }];
    return use === "goes on" && !mountedBefore(plan).has(name) && isImported(plan, name)
      ? [warning(text`the volume ${name} is taken over, with what is in it`)]
      : [];
  });
}

function isUsed(plan: Plan, volume: string): boolean {
  return volumeUses(plan).some(({ name, use }) => name === volume && use !== "ends");
}

function isImported(plan: Plan, name: string): boolean {
  return (plan.resource_changes ?? []).some(
    ({ type, change }) => type === VOLUME_RECORD && (change.importing?.id === name || change.before?.id === name),
  );
}

function mountFindings({ name, before, after, address, job }: PlannedContainer, engine: Engine): DataFinding[] {
  if (!before || !after || job) return [];
  const now = engine.mountsAfter(address, after);
  return [...engine.mountsBefore(before)].flatMap(([path, source]) => {
    const next = now.get(path);
    if (next === source) return [];
    return [
      warning(
        next === undefined
          ? text`${name} no longer uses ${source}, which it had at ${path}`
          : text`${name} uses ${next} instead of ${source} at ${path}: what is in the old one is not moved`,
      ),
    ];
  });
}

// MLflow checks at its start where experiments, models and webhooks lie.
function workspaceFindings({ name, before, after, job }: PlannedContainer): DataFinding[] {
  if (!after || job) return [];
  const [old, now] = [before, after].map((side) => side && environmentOf(side)?.get("MLFLOW_ENABLE_WORKSPACES"));
  if ((old === "true") === (now === "true")) return [];
  return [
    warning(
      now === "true"
        ? text`workspaces are switched on, and stay: MLflow does not start without them once anything lies outside of the one named ${"default"}`
        : text`workspaces are switched off: ${name} does not start while anything, deleted or not, lies outside of the one named ${"default"}`,
    ),
  ];
}

function isLostKey(change: ResourceChange): boolean {
  const action = actionOf(change);
  return /^random_(bytes|password)$/.test(change.type) && action === "replace" && ENCRYPTION_KEY.test(change.address);
}

// A plan that only refreshes the state creates nothing, and neither does one without the volume in its code.
function isRecreated(plan: Plan, { address }: ResourceChange): boolean {
  return (plan.resource_changes ?? []).some((change) => change.address === address && actionOf(change) === "create");
}

// An object that a failed replacement has left may have the name of the volume in use.
function kept(plan: Plan, lostNames: Set<string>): DataFinding[] {
  const known = volumesBefore(plan);
  const untouched = [
    ...(plan.resource_changes ?? [])
      .filter((change) => change.type === VOLUME && change.mode !== "data" && /none|update/.test(actionOf(change)))
      .map((change) => nameOf(change)),
    ...volumeUses(plan).flatMap(({ name, use }) => (use !== "ends" && known.has(name) ? [name] : [])),
  ].filter((name) => !lostNames.has(name));
  if (untouched.length === 0) return [];
  return [{ effect: "kept", text: names([...new Set(untouched)].sort()) }];
}

function usersByVolume(containers: readonly PlannedContainer[], engine: Engine): Map<string, string[]> {
  const users = new Map<string, string[]>();
  for (const { name, before } of containers) {
    if (!before) continue;
    for (const source of engine.mountsBefore(before).values()) users.set(source, [...(users.get(source) ?? []), name]);
  }
  return users;
}

function lost(sentence: Text): DataFinding {
  return { effect: "lost", text: sentence };
}

function warning(sentence: Text): DataFinding {
  return { effect: "warning", text: sentence };
}
