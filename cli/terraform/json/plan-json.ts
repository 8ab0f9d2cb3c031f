/** The parts of `terraform show -json` that are used here. Holds secrets: never print it. */
export interface Plan {
  readonly format_version?: string;

  /** Whether an apply would do anything. Terraform says so since 1.8, OpenTofu does not. */
  readonly applyable?: boolean;
  readonly resource_changes?: ResourceChange[];
  readonly resource_drift?: ResourceChange[];
  readonly output_changes?: { [name: string]: OutputChange };

  /** What providers are asked to do besides changing resources, since Terraform 1.14. */
  readonly action_invocations?: ActionInvocation[];
  readonly checks?: CheckResult[];
  readonly variables?: { [name: string]: { readonly value?: unknown } };
  readonly configuration?: { readonly root_module?: ModuleConfiguration };
  readonly prior_state?: { readonly values?: { readonly root_module?: ModuleState } };

  /** When the plan was made, since Terraform 1.5. */
  readonly timestamp?: string;
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

  /** The address in the state, if a `moved` block changes it. */
  readonly previous_address?: string;
  readonly type: string;
  readonly mode?: string;

  /** Key of an object that a failed replacement has left beside the resource's current one. */
  readonly deposed?: string;
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

/** An action of a provider that an apply invokes, such as a command in a container. */
export interface ActionInvocation {
  readonly address: string;
  readonly type: string;
  readonly config_values?: Values;
  readonly config_sensitive?: unknown;
  readonly config_unknown?: unknown;

  /** The resource whose change invokes the action; none if the user asks for the action alone. */
  readonly lifecycle_action_trigger?: {
    readonly triggering_resource_address?: string;
    readonly action_trigger_event?: string;
  };
}

/** The result of a `check` block, or of the conditions of a resource or an output. */
export interface CheckResult {
  readonly address: { readonly to_display?: string };
  readonly status: string;
  readonly instances?: {
    readonly address?: { readonly to_display?: string };
    readonly status: string;
    readonly problems?: { readonly message?: string }[];
  }[];
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
  readonly provisioners?: unknown[];
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
