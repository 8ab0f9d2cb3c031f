import { actionOf, isRefreshOnly } from "../../terraform/json/plan-actions";
import type { Plan, ResourceChange } from "../../terraform/json/plan-json";
import { Attributes, changedAttributes, nameOf } from "../plan/attributes";
import type { LineDiffs } from "../plan/line-diff";
import type { Change, Drift } from "../model/model";
import { settingChanges } from "../plan/attribute-changes";
import { text } from "../model/text";
import type { Text } from "../model/text";

// Attributes that the engine computes, and that differ after every start and stop.
const TOLD = /^(network_data|exit_code|container_logs|bridge|hostname|id|ports|must_run)$/;

/** Changes on the engine without Terraform, from the plan's refresh. */
export function driftOf(plan: Plan, diffs: LineDiffs): Drift[] {
  const planned = new Set(
    (plan.resource_changes ?? []).filter((change) => actionOf(change) !== "none").map(({ address }) => address),
  );
  return (plan.resource_drift ?? []).flatMap((change): Drift[] => {
    const what = kindOf(change);
    const before = Attributes.before(change);
    const after = Attributes.after(change);
    if (actionOf(change) === "delete") {
      return [
        {
          text: text`${what} ${nameOf(change)} is gone from the engine`,
          isPutRight: planned.has(change.address),
          changes: [],
        },
      ];
    }
    if (!before || !after) return [];
    const stopped =
      change.type === "docker_container" && before.value("must_run") === true && after.value("must_run") === false;
    const isContainer = change.type === "docker_container";
    const names = changedAttributes(change).filter((name) => !isContainer || !TOLD.test(name));
    const changes: Change[] = settingChanges(
      names.filter((name) => !isContainer || name !== "upload"),
      before,
      after,
      diffs,
    );
    // Only for planned changes does the code tell which files are secret.
    if (isContainer && names.includes("upload")) changes.push({ kind: "remark", text: ["files differ"] });
    if (!stopped && changes.length === 0) return [];
    const how = stopped
      ? text`${what} ${nameOf(change)} has stopped`
      : text`${what} ${nameOf(change)} was changed by hand`;
    const end = isRefreshOnly(plan)
      ? "the apply takes it into the state"
      : planned.has(change.address)
        ? "the apply puts it right"
        : "the apply leaves it so";
    return [{ text: text`${how}: ${[end]}`, isPutRight: planned.has(change.address), changes }];
  });
}

function kindOf({ type }: ResourceChange): Text {
  const kind = /^docker_(container|volume|network|image)$/.exec(type)?.[1];
  return kind ? [`the ${kind}`] : text`${type}`;
}
