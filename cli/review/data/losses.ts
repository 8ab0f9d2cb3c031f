import { dataName, missingData, removedData } from "../../terraform/json/data-loss";
import { actionOf } from "../../terraform/json/plan-actions";
import type { Plan, ResourceChange } from "../../terraform/json/plan-json";
import { ContainerRole } from "../../../lib/contract/container-roles";
import { nameOf } from "../plan/attributes";
import type { PlannedContainer } from "../plan/container-change";
import type { Engine } from "../plan/docker-objects";
import type { DataContent, DataFinding } from "../model/model";
import { names, text, words } from "../model/text";
import type { Text } from "../model/text";
import { VOLUME } from "./volume-data";

/** Data that is deleted, or is gone already. */
export function lossFindings(plan: Plan, containers: readonly PlannedContainer[], engine: Engine): DataFinding[] {
  const users = usersByVolume(containers, engine);
  const lost = (change: ResourceChange, sentence: Text, when: string): DataFinding => ({
    effect: "lost",
    content: contentOf(users.get(nameOf(change)) ?? []),
    text: sentence,
    short: named(change),
    when: words(when),
    wayBack: words("only a backup; this plan does not show whether there is one"),
  });
  return [
    ...removedData(plan).map((change) => lost(change, loss(change, users), "during the apply")),
    ...missingData(plan).map((change) =>
      lost(
        change,
        isRecreated(plan, change)
          ? text`${named(change)} is no longer on the engine: its data is not there, and an empty one would be created`
          : text`${named(change)} is no longer on the engine: its data is not there`,
        "already, before this plan",
      ),
    ),
  ];
}

function loss(change: ResourceChange, users: ReadonlyMap<string, PlannedContainer[]>): Text {
  const what =
    actionOf(change) === "replace"
      ? text`${named(change)} is deleted and recreated, empty`
      : text`${named(change)} is deleted, and ${words(change.type === VOLUME ? "the" : "any")} data in it`;
  const reason =
    change.action_reason === "delete_because_no_resource_config" ? [...what, ": it is no longer in the code"] : what;
  const by = users.get(nameOf(change));
  return by ? text`${reason} (used by ${names(by.map(({ name }) => name))})` : reason;
}

// The name inside "the volume 'x'" comes from the plan.
function named(change: ResourceChange): Text {
  const name = dataName(change);
  const inner = /^the volume '(.*)'$/s.exec(name)?.[1];
  return inner === undefined ? text`${name}` : text`the volume ${inner}`;
}

// A plan that only refreshes the state creates nothing, and neither does one without the volume in its code.
function isRecreated(plan: Plan, { address }: ResourceChange): boolean {
  return (plan.resource_changes ?? []).some((change) => change.address === address && actionOf(change) === "create");
}

function usersByVolume(containers: readonly PlannedContainer[], engine: Engine): Map<string, PlannedContainer[]> {
  const users = new Map<string, PlannedContainer[]>();
  for (const container of containers) {
    if (!container.before) continue;
    for (const source of engine.mountsBefore(container.before).values())
      users.set(source, [...(users.get(source) ?? []), container]);
  }
  return users;
}

function contentOf(users: readonly PlannedContainer[]): DataContent | undefined {
  if (users.some(({ role }) => role === ContainerRole.DATABASE)) return "records";
  return users.some(({ role }) => role === ContainerRole.OBJECT_STORE) ? "files" : undefined;
}
