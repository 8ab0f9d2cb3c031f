/** The parts of `terraform show -json` that are used here. Holds secrets: never print it. */
export interface Plan {
  readonly format_version?: string;
  readonly resource_changes?: ResourceChange[];
  readonly resource_drift?: ResourceChange[];
  readonly output_changes?: { [name: string]: OutputChange };
  readonly variables?: { [name: string]: { readonly value?: unknown } };
  readonly configuration?: { readonly root_module?: ModuleConfiguration };
  readonly prior_state?: { readonly values?: { readonly root_module?: ModuleState } };
  readonly complete?: boolean;
  readonly errored?: boolean;
}

/** Values of a resource, by attribute. */
export interface Values {
  readonly [name: string]: unknown;
}

/** A change of one resource. */
export interface ResourceChange {
  readonly address: string;
  readonly type: string;
  readonly mode?: string;
  readonly action_reason?: string;
  readonly change: {
    readonly actions: string[];
    readonly before: Values | null;
    readonly after: Values | null;

    /** In the shape of `after`: which values are known only after the apply. */
    readonly after_unknown?: unknown;

    /** In the shape of `before`: which values are sensitive. */
    readonly before_sensitive?: unknown;
    readonly after_sensitive?: unknown;
    readonly importing?: { readonly id?: string };

    /** Paths of the attributes that cause the replacement. */
    readonly replace_paths?: unknown;
  };
}

/** A change of an output. */
export interface OutputChange {
  readonly actions: string[];
  readonly before?: unknown;
  readonly after?: unknown;
  readonly before_sensitive?: unknown;
  readonly after_sensitive?: unknown;
}

/** The configuration from which a plan was made, by module. */
export interface ModuleConfiguration {
  readonly resources?: ResourceConfiguration[];
  readonly variables?: { [name: string]: { readonly sensitive?: boolean } };
  readonly module_calls?: { [name: string]: { readonly module?: ModuleConfiguration } };
}

/** A resource as it was written. */
export interface ResourceConfiguration {
  readonly address: string;
  readonly expressions?: { readonly [attribute: string]: unknown };
  readonly depends_on?: string[];
}

/** The state on which a plan was made, by module. */
export interface ModuleState {
  readonly resources?: {
    readonly address: string;
    readonly type: string;
    readonly values?: Values;
    readonly sensitive_values?: unknown;
    readonly depends_on?: string[];
  }[];
  readonly child_modules?: ModuleState[];
}

/** The action on a resource. `forget` removes it from the state only. */
export type Action = "create" | "update" | "replace" | "delete" | "forget" | "none";

export function actionOf({ change }: ResourceChange): Action {
  const actions = change.actions;
  if (actions.includes("delete")) return actions.includes("create") ? "replace" : "delete";
  if (actions.includes("create")) return "create";
  if (actions.includes("forget")) return "forget";
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
  const words: Action[] = ["create", "update", "replace", "delete", "forget"];
  return (
    words.flatMap((word) => (counts.has(word) ? [`${counts.get(word)} to ${word}`] : [])).join(", ") || "outputs only"
  );
}

/** A plan in a few lines, without values. */
export function describePlan(stack: string, plan: Plan): string {
  return [`Stack '${stack}': ${summarize(plan)}.`, ...describeChanges(plan)].join("\n");
}

/** A line for each change of an existing resource. `summarize()` counts the new resources. */
export function describeChanges(plan: Plan): string[] {
  return changesOf(plan)
    .filter((change) => actionOf(change) !== "create")
    .map((change) => `  ${actionOf(change)} ${change.address}`);
}
