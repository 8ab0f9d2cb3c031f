interface StateResource {
  readonly mode: string;
  readonly type: string;
  readonly name: string;
  readonly module?: string;
  readonly instances: { readonly index_key?: string | number; readonly attributes?: { [name: string]: unknown } }[];
}

/** A resource in the state. */
export interface StateInstance {
  readonly type: string;
  readonly address: string;
  readonly attributes: { [name: string]: unknown };
}

/** The Terraform state of a stack. Holds secrets: never print it. */
export class State {
  /** @param text what `terraform state pull` printed, which is nothing where there is no state yet. */
  public static parse(text: string): State {
    return new State(text.trim() === "" ? {} : (JSON.parse(text) as object));
  }

  /** All resources; data sources are left out. */
  public readonly instances: StateInstance[];

  readonly #outputs: { [name: string]: { value: unknown } };

  private constructor(content: { resources?: StateResource[]; outputs?: { [name: string]: { value: unknown } } }) {
    this.#outputs = content.outputs ?? {};
    this.instances = (content.resources ?? [])
      .filter(({ mode }) => mode === "managed")
      .flatMap(({ module, type, name, instances }) =>
        instances.map(({ index_key: key, attributes }) => ({
          type,
          address: `${module ? `${module}.` : ""}${type}.${name}${key === undefined ? "" : `[${JSON.stringify(key)}]`}`,
          attributes: attributes ?? {},
        })),
      );
  }

  public ofType(type: string): StateInstance[] {
    return this.instances.filter((instance) => instance.type === type);
  }

  /** Addresses of one-shot containers that failed, and would not be run again by themselves. */
  public get failedJobs(): string[] {
    return this.ofType("docker_container")
      .filter(({ attributes }) => attributes.must_run === false && (attributes.exit_code ?? 0) !== 0)
      .map(({ address }) => address);
  }

  /** An output that is a text. */
  public output(name: string): string | undefined {
    const value = this.#outputs[name]?.value;
    return typeof value === "string" ? value : undefined;
  }

  /** An output that is a map of texts; empty where there is none. */
  public outputMap(name: string): { [key: string]: string } {
    const value = this.#outputs[name]?.value;
    return typeof value === "object" && value !== null ? (value as { [key: string]: string }) : {};
  }
}
