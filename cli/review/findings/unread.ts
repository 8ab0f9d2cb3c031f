import { actionOf } from "../../terraform/json/plan-actions";
import type { Action } from "../../terraform/json/plan-actions";
import type { Plan, ResourceChange } from "../../terraform/json/plan-json";
import { Attributes, changedAttributes, isEmptyValue } from "../plan/attributes";
import type { Configuration } from "../plan/configuration";
import type { PlannedContainer } from "../plan/container-change";
import type { LineDiffs } from "../plan/line-diff";
import { settingChanges } from "../plan/attribute-changes";
import type { Unread } from "../model/model";
import { names, text } from "../model/text";
import type { Text } from "../model/text";
import { JUDGED_DATA, JUDGED_OUTPUTS, JUDGED_PARTS_OF_PLAN, JUDGED_TYPES, isHarmless } from "./judged";
import { unreadContainer } from "./unread-container";

const DONE: { readonly [action in Action]?: string } = {
  create: "is created",
  delete: "is deleted",
  replace: "is recreated",
  update: "is changed",
  forget: "leaves the stack",
};

/** What the review does not judge, so that a person must read it; with its changes, as far as the plan shows them. */
export function unreadOf(
  plan: Plan,
  containers: readonly PlannedContainer[],
  configuration: Configuration,
  diffs: LineDiffs,
): Unread[] {
  const known = new Map(containers.map((container) => [container.address, container]));
  const isFirst = containers.every(({ before }) => before === undefined);
  const gone = new Map(
    (plan.resource_drift ?? []).flatMap((change) =>
      actionOf(change) === "delete" ? [[change.address, Attributes.before(change)] as const] : [],
    ),
  );
  const resources = (plan.resource_changes ?? []).flatMap((change): Unread[] => {
    const container = known.get(change.address);
    if (container)
      return unreadContainer(change, container, { configuration, diffs, isFirst, gone: gone.get(change.address) });
    return change.mode === "data" ? unreadSource(change) : unreadResource(change, configuration, diffs);
  });
  const invoked = (plan.action_invocations ?? []).map(({ address }) =>
    unread(text`${address} is invoked: this release does not know what that does to data and access`, address),
  );
  return [...invoked, ...resources, ...unreadOutputs(plan), ...unreadParts(plan)];
}

function unreadResource(change: ResourceChange, configuration: Configuration, diffs: LineDiffs): Unread[] {
  const { address, type } = change;
  const before = Attributes.before(change);
  const after = Attributes.after(change);
  const action = actionOf(change);
  const done = DONE[action];
  if (done === undefined) return [];
  if (configuration.runsPrograms(address))
    return [unread(text`${address} ${[done]}: it runs programs on the machine on which Terraform runs`, address)];
  const judged = JUDGED_TYPES[type];
  if (judged && !after) return [];
  const changed = before && after ? changedAttributes(change) : (after?.names ?? []);
  const told = changed.filter(
    (name) => !judged?.includes(name) && !(!before && judged && isHarmless(type, name, after?.value(name))),
  );
  const changes = after ? settingChanges(told, before ?? Attributes.NONE, after, diffs) : [];
  if (judged === undefined)
    return [unread(text`${address} ${[done]}: this release knows nothing of ${type}`, address, changes)];
  return changes.length === 0 ? [] : [unread(text`settings of ${address}`, address, changes)];
}

// A data source may run a program: `external` does.
function unreadSource({ address, type, change: { actions } }: ResourceChange): Unread[] {
  return actions.includes("read") && !JUDGED_DATA.test(type)
    ? [unread(text`${address} is read during the apply: this release does not know what ${type} does`, address)]
    : [];
}

function unreadOutputs(plan: Plan): Unread[] {
  return Object.entries(plan.output_changes ?? {}).flatMap(([name, output]): Unread[] => {
    if (output.actions.every((action) => action === "no-op")) return [];
    if (output.before_sensitive === true && output.after_sensitive !== true && !output.actions.includes("delete"))
      return [unread(text`the output ${name} was secret, and is not secret any more`, `output ${name}`)];
    return JUDGED_OUTPUTS.test(name)
      ? []
      : [unread(text`the output ${name}, on which others may rely`, `output ${name}`)];
  });
}

function unreadParts(plan: Plan): Unread[] {
  const unknown = Object.entries(plan)
    .filter(([name, value]) => !JUDGED_PARTS_OF_PLAN.has(name) && !isEmptyValue(value))
    .map(([name]) => name);
  return unknown.length === 0
    ? []
    : [unread(text`the plan has parts that this release does not know: ${names(unknown)}`, unknown.join(", "))];
}

function unread(sentence: Text, what: string, changes: Unread["changes"] = []): Unread {
  return { text: sentence, short: text`${what}`, changes };
}
