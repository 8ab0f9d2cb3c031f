import { holdsData } from "../../terraform/data-loss";
import { actionOf } from "../../terraform/plan-json";
import type { Action, Plan, ResourceChange } from "../../terraform/plan-json";
import { Attributes, changedAttributes, isSame } from "../plan/attributes";
import { isJob } from "../plan/container";
import type { LineDiffs } from "../plan/line-diff";
import type { Change, OtherResource } from "../model/model";
import { settingChanges } from "../plan/setting";
import { text } from "../model/text";

const DONE: { readonly [action in Action]: string } = {
  delete: "deleted",
  replace: "recreated",
  create: "created",
  update: "changed",
  forget: "left where it is, and no longer managed",
  none: "read",
};
const ORDER = Object.values(DONE);

/** The changes of all other resources and of outputs. */
export function otherResources(plan: Plan, diffs: LineDiffs): OtherResource[] {
  const resources = (plan.resource_changes ?? []).filter(
    (change) => change.mode !== "data" && actionOf(change) !== "none" && !isTold(plan, change),
  );
  const found = resources.map((change) => ({
    action: DONE[actionOf(change)],
    address: change.address,
    changes: settings(change, diffs),
  }));
  return [...found.sort((a, b) => rank(a) - rank(b) || (a.address < b.address ? -1 : 1)), ...outputs(plan)];
}

// Other sections list the volumes (data) and the containers (services and jobs).
function isTold(plan: Plan, change: ResourceChange): boolean {
  if (change.type === "docker_container") return !isRemovedJob(change);
  const lost = actionOf(change) === "delete" || actionOf(change) === "replace";
  return change.type === "docker_volume" || (lost && holdsData(plan, change));
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
  const changed = Object.entries(plan.output_changes ?? {}).filter(([, { actions }]) =>
    actions.some((action) => action === "update"),
  );
  return changed
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, output]) => {
      const hidden = [output.before_sensitive, output.after_sensitive].some((mark) => mark !== false);
      const isText = typeof output.before === "string" && typeof output.after === "string";
      const change: Change =
        hidden || !isText || isSame(output.before, output.after)
          ? { kind: "remark", text: text`a new value` }
          : { kind: "setting", name, before: String(output.before), after: String(output.after) };
      return { action: "changed", address: `output ${name}`, changes: [change] };
    });
}

function rank({ action }: OtherResource): number {
  return ORDER.indexOf(action);
}
