import type { Plan, ResourceChange, Values } from "../../../cli/terraform/json/plan-json";

/** A container as `ContainerNetwork` makes them, as a state has it. */
export function ourContainer(name: string, values: Values = {}): Values {
  return {
    name,
    image: "sha256:1111",
    attach: false,
    must_run: true,
    wait: true,
    wait_timeout: 60,
    destroy_grace_seconds: 10,
    stop_timeout: 10,
    capabilities: [{ add: [], drop: ["ALL"] }],
    security_opts: ["no-new-privileges:true"],
    privileged: false,
    memory: 256,
    memory_swap: 256,
    log_driver: "json-file",
    log_opts: { "max-size": "10m", "max-file": "3" },
    restart: "always",
    env: [],
    entrypoint: [],
    command: [],
    ports: [],
    volumes: [],
    mounts: [],
    networks_advanced: [],
    upload: [],
    ...values,
  };
}

/** A one-shot container as `ContainerNetwork` makes them. */
export function ourJob(name: string, values: Values = {}): Values {
  return ourContainer(name, { must_run: false, attach: true, wait: false, restart: "no", ...values });
}

/** An uploaded file of such a container. */
export function upload(file: string, content: string): Values {
  return { file, content, content_base64: "", permissions: "0444", source: "", source_hash: "", executable: false };
}

/** What may be said of a change besides its values. */
export interface ChangeOptions {
  readonly actions?: string[];
  readonly sensitive?: string[];
  readonly unknown?: { readonly [attribute: string]: unknown };
  readonly dependsOn?: string[];
  readonly reason?: string;

  /** The address before a `moved` block, the key of a deposed object, and the id of an import. */
  readonly previous?: string;
  readonly deposed?: string;
  readonly importing?: string;

  /** References of attributes, or of the content of files, by attribute or path. */
  readonly references?: { readonly [name: string]: string[] };
}

/** Makes plans of the shape that `terraform show -json` prints. */
export class PlanBuilder {
  readonly #changes: ResourceChange[] = [];
  readonly #drift: ResourceChange[] = [];
  readonly #configuration: { address: string; expressions: Values; depends_on?: string[] }[] = [];
  readonly #state: {
    address: string;
    type: string;
    values: Values;
    sensitive_values: object;
    depends_on?: string[];
  }[] = [];
  readonly #variables: { [name: string]: { value: unknown } } = {};
  readonly #declared: { [name: string]: { sensitive: boolean } } = {};
  readonly #outputs: { [name: string]: object } = {};
  #more: Partial<Plan> = {};

  /** A resource of the code, the state, or both; its action follows from the two. */
  public resource(address: string, before: Values | null, after: Values | null, options: ChangeOptions = {}): this {
    const type = address.split(".")[0] ?? "";
    this.#changes.push(change(address, type, before, after, options));
    if (after) {
      this.#configuration.push({
        address,
        expressions: expressions(after, options.references ?? {}),
        depends_on: options.dependsOn,
      });
    }
    if (before) {
      const marks = Object.fromEntries((options.sensitive ?? []).map((name) => [name, true]));
      this.#state.push({ address, type, values: before, sensitive_values: marks, depends_on: options.dependsOn });
    }
    return this;
  }

  /** What the refresh found to be other than the state said. */
  public drift(address: string, before: Values, after: Values | null, options: ChangeOptions = {}): this {
    this.#drift.push(change(address, address.split(".")[0] ?? "", before, after, options));
    return this;
  }

  public variable(name: string, value: unknown, sensitive: boolean): this {
    this.#variables[name] = { value };
    this.#declared[name] = { sensitive };
    return this;
  }

  public output(name: string, before: unknown, after: unknown, sensitive = false): this {
    const actions = [JSON.stringify(before) === JSON.stringify(after) ? "no-op" : "update"];
    this.#outputs[name] = { actions, before, after, before_sensitive: sensitive, after_sensitive: sensitive };
    return this;
  }

  /** Further parts of the plan, as they are. */
  public with(parts: Partial<Plan>): this {
    this.#more = { ...this.#more, ...parts };
    return this;
  }

  public build(): Plan {
    return {
      format_version: "1.2",
      resource_changes: this.#changes,
      ...(this.#drift.length > 0 && { resource_drift: this.#drift }),
      output_changes: this.#outputs as Plan["output_changes"],
      variables: this.#variables,
      configuration: { root_module: { resources: this.#configuration, variables: this.#declared } },
      prior_state: { values: { root_module: { resources: this.#state } } },
      planned_values: {},
      ...this.#more,
    } as Plan;
  }
}

function change(
  address: string,
  type: string,
  before: Values | null,
  after: Values | null,
  options: ChangeOptions,
): ResourceChange {
  const marks = Object.fromEntries((options.sensitive ?? []).map((name) => [name, true]));
  return {
    address,
    type,
    mode: "managed",
    action_reason: options.reason,
    ...(options.previous !== undefined && { previous_address: options.previous }),
    ...(options.deposed !== undefined && { deposed: options.deposed }),
    change: {
      actions: options.actions ?? actionsOf(before, after),
      before,
      after,
      after_unknown: options.unknown ?? {},
      before_sensitive: before ? marks : false,
      after_sensitive: after ? marks : false,
      ...(options.importing !== undefined && { importing: { id: options.importing } }),
    },
  };
}

function actionsOf(before: Values | null, after: Values | null): string[] {
  if (!before) return ["create"];
  if (!after) return ["delete"];
  return JSON.stringify(before) === JSON.stringify(after) ? ["no-op"] : ["delete", "create"];
}

function expressions(values: Values, references: { readonly [name: string]: string[] }): Values {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      if (name !== "upload" || !Array.isArray(value)) {
        return [name, references[name] ? { references: references[name] } : { constant_value: value }];
      }
      const blocks = (value as { file: string; content: string }[]).map(({ file, content }) => ({
        file: { constant_value: file },
        content: references[file] ? { references: references[file] } : { constant_value: content },
      }));
      return [name, blocks];
    }),
  );
}
