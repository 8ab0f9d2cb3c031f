interface StateResource {
  readonly mode: string;
  readonly type: string;
  readonly name: string;
  readonly module?: string;
  readonly instances: { readonly index_key?: string | number; readonly attributes?: { [name: string]: unknown } }[];
}

interface StateContent extends StateVersion {
  readonly resources?: StateResource[];
  readonly outputs?: { [name: string]: { value: unknown } };
}

/** A resource in the state. */
export interface StateInstance {
  readonly type: string;
  readonly address: string;
  readonly attributes: { [name: string]: unknown };
}

/** A state's lineage, which never changes, and its serial, which grows with every change. Both are missing in a new state. */
export interface StateVersion {
  readonly lineage?: string;
  readonly serial?: number;
}

/** The Terraform state of a stack. Holds secrets: never print it. */
export class State {
  /** @param text output of `terraform state pull`, which is empty before the first apply. */
  public static parse(text: string): State {
    return new State(text.trim() === "" ? {} : (JSON.parse(text) as object));
  }

  /** All resources; data sources are left out. */
  public readonly instances: StateInstance[];

  public readonly version: StateVersion;

  readonly #outputs: { [name: string]: { value: unknown } };

  private constructor(content: StateContent) {
    this.#outputs = content.outputs ?? {};
    this.version = { lineage: content.lineage, serial: content.serial };
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

  /** Names of the images. */
  public get imageNames(): string[] {
    return this.ofType("docker_image").map(({ attributes }) => String(attributes.name));
  }

  /** Names of the images, by their ids on the engine. */
  public get imageNamesById(): Map<unknown, string> {
    return new Map(this.ofType("docker_image").map(({ attributes }) => [attributes.image_id, String(attributes.name)]));
  }

  /** Arguments of `terraform plan` that run failed one-shot containers again, which Terraform does not by itself. */
  public get rerunFailedJobs(): string[] {
    return this.ofType("docker_container")
      .filter(({ attributes }) => attributes.must_run === false && (attributes.exit_code ?? 0) !== 0)
      .map(({ address }) => `-replace=${address}`);
  }

  /** The passwords and keys that Terraform has generated. */
  public get generatedPasswords(): string[] {
    return this.ofType("random_password").flatMap(({ attributes: { result } }) =>
      typeof result === "string" ? [result] : [],
    );
  }

  /** An output that is a text. */
  public output(name: string): string | undefined {
    const value = this.#outputs[name]?.value;
    return typeof value === "string" ? value : undefined;
  }

  /** An output that is a map of texts; empty if there is none. */
  public outputMap(name: string): { [key: string]: string } {
    const value = this.#outputs[name]?.value;
    return typeof value === "object" && value !== null ? (value as { [key: string]: string }) : {};
  }
}
