import { mayHoldData } from "../../terraform/json/data-loss";
import { actionOf, forgetsObject, isImported, isMoved } from "../../terraform/json/plan-actions";
import type { Action } from "../../terraform/json/plan-actions";
import type { ActionInvocation, OutputChange, Plan, ResourceChange } from "../../terraform/json/plan-json";
import { isRecord } from "../../terraform/json/volume-record";
import { Attributes, changedAttributes, isSame } from "../plan/attributes";
import { isJob } from "../plan/container";
import type { LineDiffs } from "../plan/line-diff";
import type { Change, OtherResource } from "../model/model";
import { settingChanges } from "../plan/attribute-changes";
import { text } from "../model/text";

const DONE: { readonly [action in Action]: string } = {
  delete: "deleted",
  replace: "recreated",
  create: "created",
  update: "changed",
  forget: "left where it is, and no longer managed",
  none: "read",
};
const BESIDE = "created; the old one is left where it is, and no longer managed";
const ORDER = [...Object.values(DONE), BESIDE];

/** The changes of all other resources and of outputs, the actions of providers, and what only the state shows. */
export function otherResources(plan: Plan, diffs: LineDiffs): OtherResource[] {
  const resources = (plan.resource_changes ?? []).filter(
    (change) => change.mode !== "data" && actionOf(change) !== "none" && !isTold(change),
  );
  const found = resources.map((change) => ({
    action: forgetsObject(change) && actionOf(change) === "create" ? BESIDE : DONE[actionOf(change)],
    address: change.address,
    changes: settings(change, diffs),
  }));
  return [
    ...(plan.action_invocations ?? []).map((action) => invocation(action, diffs)),
    ...found.sort((a, b) => rank(a) - rank(b) || (a.address < b.address ? -1 : 1)),
    ...(plan.resource_changes ?? []).flatMap(inState),
    ...outputs(plan),
  ];
}

function invocation(action: ActionInvocation, diffs: LineDiffs): OtherResource {
  const after = Attributes.ofAction(action);
  const trigger = action.lifecycle_action_trigger?.triggering_resource_address;
  const changes = settingChanges(after.names, Attributes.ofAction({ ...action, config_values: {} }), after, diffs);
  const by: Change[] = trigger === undefined ? [] : [{ kind: "remark", text: text`because of ${trigger}` }];
  return { action: "invoked", address: action.address, changes: [...by, ...changes] };
}

function inState(change: ResourceChange): OtherResource[] {
  const { address, previous_address: previous = "" } = change;
  return [
    ...(isMoved(change)
      ? [
          {
            action: "moved in the state",
            address,
            changes: [{ kind: "remark" as const, text: text`from ${previous}` }],
          },
        ]
      : []),
    ...(isImported(change) ? [{ action: "imported: taken into the state as it is", address, changes: [] }] : []),
  ];
}

// Other sections list the volumes (data) and the containers (services and jobs).
function isTold(change: ResourceChange): boolean {
  if (change.type === "docker_container") return !isRemovedJob(change);
  const lost = actionOf(change) === "delete" || actionOf(change) === "replace";
  return change.type === "docker_volume" || isRecord(change) || (lost && mayHoldData(change));
}

function isRemovedJob(change: ResourceChange): boolean {
  const before = Attributes.before(change);
  return before !== undefined && isJob(before) && /delete|forget/.test(actionOf(change));
}

function settings(change: ResourceChange, diffs: LineDiffs): Change[] {
  const before = Attributes.before(change);
  const after = Attributes.after(change);
  if (!before || !after) return [];
  return settingChanges(changedAttributes(change), before, after, diffs);
}

function outputs(plan: Plan): OtherResource[] {
  return Object.entries(plan.output_changes ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, output]) => {
      const { action, changes } = outputChange(name, output);
      return action === undefined ? [] : [{ action, address: `output ${name}`, changes }];
    });
}

function outputChange(name: string, output: OutputChange): { action?: string; changes: Change[] } {
  const [action = ""] = output.actions;
  if (action === "create") return { action: DONE.create, changes: [] };
  if (action === "delete") return { action: DONE.delete, changes: [] };
  if (action !== "update") return { changes: [] };
  const { before, after } = output;
  const isShown =
    output.before_sensitive === false &&
    output.after_sensitive === false &&
    typeof before === "string" &&
    typeof after === "string" &&
    !isSame(before, after);
  const change: Change = isShown
    ? { kind: "setting", name, before, after }
    : { kind: "remark", text: text`a new value` };
  return { action: DONE.update, changes: [change] };
}

function rank({ action }: OtherResource): number {
  return ORDER.indexOf(action);
}
