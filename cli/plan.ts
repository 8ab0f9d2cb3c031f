/** What `terraform show -json` says of a plan, as far as it is used here. Holds secrets: never print it. */
export interface Plan {
  readonly resource_changes?: ResourceChange[];
  readonly resource_drift?: ResourceChange[];
  readonly output_changes?: { [name: string]: { readonly actions: string[]; readonly before?: unknown } };
}

/** A change of one resource. */
export interface ResourceChange {
  readonly address: string;
  readonly type: string;
  readonly change: {
    readonly actions: string[];
    readonly before: { [name: string]: unknown } | null;
    readonly after: { [name: string]: unknown } | null;
  };
}

/** What happens to a resource, in one word. */
export type Action = "create" | "update" | "replace" | "delete" | "none";

export function actionOf({ change }: ResourceChange): Action {
  const actions = change.actions;
  if (actions.includes("delete")) return actions.includes("create") ? "replace" : "delete";
  if (actions.includes("create")) return "create";
  return actions.includes("update") ? "update" : "none";
}

/** The changes that an apply would make. */
export function changesOf(plan: Plan): ResourceChange[] {
  return (plan.resource_changes ?? []).filter((change) => actionOf(change) !== "none");
}

/** Whether an apply would change anything, outputs included. */
export function isEmpty(plan: Plan): boolean {
  const outputs = Object.values(plan.output_changes ?? {});
  return changesOf(plan).length === 0 && outputs.every(({ actions }) => actions.every((action) => action === "no-op"));
}

/** How much a plan changes, such as `12 to create, 1 to replace`. */
export function summarize(plan: Plan): string {
  const counts = new Map<Action, number>();
  for (const change of changesOf(plan)) counts.set(actionOf(change), (counts.get(actionOf(change)) ?? 0) + 1);
  const words: Action[] = ["create", "update", "replace", "delete"];
  return (
    words.flatMap((word) => (counts.has(word) ? [`${counts.get(word)} to ${word}`] : [])).join(", ") || "outputs only"
  );
}

/** A plan in some lines, of everything but values. */
export function describePlan(stack: string, plan: Plan): string {
  return [`Stack '${stack}': ${summarize(plan)}.`, ...describeChanges(plan)].join("\n");
}

/** A line for each change of something that exists already; what is new is only counted, in `summarize()`. */
export function describeChanges(plan: Plan): string[] {
  return changesOf(plan)
    .filter((change) => actionOf(change) !== "create")
    .map((change) => `  ${actionOf(change)} ${change.address}`);
}
