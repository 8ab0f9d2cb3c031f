import { describeChecks } from "./failed-checks";
import {
  actionOf,
  changedOutputs,
  changesOf,
  forgetsObject,
  isEmpty,
  isImported,
  isMoved,
  isRefreshOnly,
  isUnexplained,
} from "./plan-actions";
import type { Action } from "./plan-actions";
import { isRecord, mountedUses, volumeUses, volumesBefore } from "./volume-record";
import type { Plan, ResourceChange } from "./plan-json";

const ORDER: Action[] = ["create", "update", "replace", "delete"];

/** How much a plan changes, such as `12 to create, 1 to replace`. Outputs count only if nothing else happens. */
export function summarize(plan: Plan): string {
  const changes = changesOf(plan);
  const all = plan.resource_changes ?? [];
  const counts: [number, string][] = [
    ...ORDER.map((word): [number, string] => [changes.filter((one) => actionOf(one) === word).length, `to ${word}`]),
    [changes.filter(forgetsObject).length, "to forget"],
    [all.filter(isImported).length, "to import"],
    [all.filter(isMoved).length, "to move"],
    [(plan.action_invocations ?? []).length, "to invoke"],
  ];
  const parts = counts.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : []));
  if (parts.length > 0) return parts.join(", ");
  if (changedOutputs(plan).length > 0) return "outputs only";
  return isRefreshOnly(plan) ? "only the state, which takes over what is on the engine" : "something unknown";
}

/** A plan in a few lines, without values: what an apply would do, and the checks that fail. */
export function describePlan(stack: string, plan: Plan): string {
  const head = isEmpty(plan) ? ["Nothing to change."] : describeEffects(stack, plan);
  return [...head, ...describeChecks(plan)].join("\n");
}

function describeEffects(stack: string, plan: Plan): string[] {
  const lines = [`Stack '${stack}': ${summarize(plan)}.`, ...describeChanges(plan)];
  if (summarize(plan) === "outputs only")
    lines.push(...changedOutputs(plan).map(({ name, action }) => `  ${action} the output ${name}`));
  if (isUnexplained(plan))
    lines.push(
      "  Terraform says that an apply does something, and this release does not know what: read its own plan.",
    );
  if (plan.complete === false) lines.push("  The plan covers a part only: another one has to follow.");
  return lines;
}

/** A line for each change of an existing resource, and for each action. `summarize()` counts the new resources. */
export function describeChanges(plan: Plan): string[] {
  return [
    ...describeVolumes(plan),
    ...(plan.resource_changes ?? []).filter((change) => !isRecord(change) || isMoved(change)).flatMap(describeChange),
    ...(plan.action_invocations ?? []).map(({ address }) => `  invoke ${address}`),
  ];
}

// The record of a volume holds no data: what counts is which volume is used.
function describeVolumes(plan: Plan): string[] {
  const known = volumesBefore(plan);
  return [...volumeUses(plan), ...mountedUses(plan)].flatMap(({ name, use }) => {
    if (use === "ends") return [`  keep the volume '${name}' on the engine, and use it no more`];
    return use === "begins" && !known.has(name) ? [`  use the volume '${name}', which is empty if it is new`] : [];
  });
}

// The id of an import may be a secret: that of a random_password is the password.
function describeChange(change: ResourceChange): string[] {
  const action = actionOf(change);
  const { address, previous_address: previous } = change;
  return [
    ...(isMoved(change) ? [`  move ${previous} to ${address}`] : []),
    ...(isImported(change) ? [`  import ${address}`] : []),
    ...(action === "none" || action === "create" ? [] : [`  ${action} ${address}`]),
    ...(action === "create" && forgetsObject(change) ? [`  forget ${address}, beside which a new one is created`] : []),
  ];
}
