import { CommandError } from "../../console/command-error";
import type { Plan, ResourceChange } from "./plan-json";

/** The action on a resource. `forget` removes it from the state only. */
export type Action = "create" | "update" | "replace" | "delete" | "forget" | "none";

// Every list of verbs that Terraform and OpenTofu document. Any other list may delete something.
const ACTIONS = new Map<string, Action>([
  ["no-op", "none"],
  ["read", "none"],
  ["open", "none"],
  ["create", "create"],
  ["update", "update"],
  ["delete create", "replace"],
  ["create delete", "replace"],
  ["delete", "delete"],
  ["forget", "forget"],
  ["create forget", "create"],
  ["forget create", "create"],
]);
const MODES = ["managed", "data", "ephemeral", undefined];

/**
 * The action on a resource. A replacement that keeps the old object is `create`, see `forgetsObject()`.
 *
 * @throws CommandError if this release does not know the plan's words for it.
 */
export function actionOf({ change, address }: ResourceChange): Action {
  const action = ACTIONS.get(change.actions.join(" "));
  if (action === undefined) throw unknown(`what happens to ${address}`, `actions ${JSON.stringify(change.actions)}`);
  return action;
}

/** Whether an object stays where it is, and leaves the state. */
export function forgetsObject({ change }: ResourceChange): boolean {
  return change.actions.includes("forget");
}

/** Whether a `moved` block changes the address in the state. */
export function isMoved({ previous_address: previous, address }: ResourceChange): boolean {
  return previous !== undefined && previous !== address;
}

/** Whether an object that exists is taken into the state. */
export function isImported({ change }: ResourceChange): boolean {
  return change.importing !== undefined && change.importing !== null;
}

/**
 * Refuses a plan with words that this release does not know, because "nothing changes" might be wrong.
 *
 * @throws CommandError that names the resource.
 */
export function requireKnownActions(plan: Plan): void {
  for (const change of [...(plan.resource_changes ?? []), ...(plan.resource_drift ?? [])]) {
    actionOf(change);
    if (!MODES.includes(change.mode)) throw unknown(`what ${change.address} is`, `mode '${change.mode}'`);
  }
  for (const [name, { actions }] of Object.entries(plan.output_changes ?? {})) {
    const known = actions.length === 1 && /^(no-op|create|update|delete)$/.test(actions[0] ?? "");
    if (!known) throw unknown(`what happens to the output '${name}'`, `actions ${JSON.stringify(actions)}`);
  }
}

/** The resources that an apply would create, change, replace, delete or forget. */
export function changesOf(plan: Plan): ResourceChange[] {
  return (plan.resource_changes ?? []).filter((change) => actionOf(change) !== "none");
}

/** Names of the outputs that an apply would create, update or delete. */
export function changedOutputs(plan: Plan): { readonly name: string; readonly action: string }[] {
  return Object.entries(plan.output_changes ?? {}).flatMap(
    ([
      name,
      {
        actions: [action = ""],
      },
    ]) => (action === "no-op" ? [] : [{ name, action }]),
  );
}

/** The parts of a plan that this release knows. */
export const KNOWN_PARTS: ReadonlySet<string> = new Set([
  "format_version",
  "terraform_version",
  "variables",
  "planned_values",
  "resource_drift",
  "resource_changes",
  "deferred_changes",
  "deferred_action_invocations",
  "output_changes",
  "action_invocations",
  "prior_state",
  "configuration",
  "relevant_attributes",
  "checks",
  "timestamp",
  "applyable",
  "complete",
  "errored",
]);

/** Names of the parts of a plan that this release does not read, because a later Terraform has added them. */
export function unknownParts(plan: Plan): string[] {
  return Object.keys(plan).filter((part) => !KNOWN_PARTS.has(part));
}

/** Whether a plan only takes what is on the engine into the state (`terraform plan -refresh-only`). */
export function isRefreshOnly(plan: Plan): boolean {
  const drifted = plan.resource_drift ?? [];
  return drifted.length > 0 && (plan.resource_changes ?? []).length === 0;
}

/**
 * Whether an apply would do nothing. Terraform's own answer has priority over the list of what is known here; reading a
 * data source is nothing.
 */
export function isEmpty(plan: Plan): boolean {
  if (plan.applyable === false) return true;
  if (isListed(plan)) return false;
  const reads = (plan.resource_changes ?? []).some(({ change }) => /^(read|open)$/.test(change.actions.join()));
  return plan.applyable !== true || (reads && unknownParts(plan).length === 0);
}

/** Whether Terraform says that an apply does something, and nothing that is known here explains it. */
export function isUnexplained(plan: Plan): boolean {
  return !isEmpty(plan) && !isListed(plan) && !isRefreshOnly(plan);
}

function isListed(plan: Plan): boolean {
  return (
    changesOf(plan).length > 0 ||
    (plan.resource_changes ?? []).some((change) => isMoved(change) || isImported(change)) ||
    (plan.action_invocations ?? []).length > 0 ||
    changedOutputs(plan).length > 0
  );
}

function unknown(what: string, words: string): CommandError {
  return new CommandError(
    `the plan does not tell this release ${what}: it has the ${words}; nothing was changed`,
    "Take a newer release of mlflow-stack, or the release of Terraform that was used before.",
  );
}
