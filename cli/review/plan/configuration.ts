import type { ModuleConfiguration, Plan, ResourceConfiguration } from "../../terraform/json/plan-json";
import { isObject } from "../../console/parse-json";

// Index keys may hold anything, quotes included.
const INDEX = /\[(?:\d+|"(?:[^"\\]|\\.)*")\]/g;

interface Entry {
  readonly resource: ResourceConfiguration;
  readonly module: ModuleConfiguration;
  readonly prefix: string;
}

/** The configuration of a plan: which resource refers to which, and which values are written in the code. */
export class Configuration {
  readonly #entries = new Map<string, Entry>();

  constructor(plan: Plan) {
    const root = plan.configuration?.root_module;
    if (root) this.add(root, "");
  }

  /** Whether the plan holds its configuration. */
  public get isKnown(): boolean {
    return this.#entries.size > 0;
  }

  /** Addresses of all resources, without indexes. */
  public get addresses(): string[] {
    return [...this.#entries.keys()];
  }

  /** How an attribute or block of a resource is written; undefined if it is not. */
  public expression(address: string, attribute: string): unknown {
    return this.#entries.get(withoutIndex(address))?.resource.expressions?.[attribute];
  }

  /** Whether a resource runs programs on the machine on which Terraform runs, or by a connection from there. */
  public runsPrograms(address: string): boolean {
    const { provisioners = [] } = this.#entries.get(withoutIndex(address))?.resource ?? {};
    return provisioners.length > 0;
  }

  /** Resources that an expression of a resource refers to, by address. */
  public referenced(address: string, expression: unknown): string[] {
    const prefix = this.#entries.get(withoutIndex(address))?.prefix ?? "";
    const found = references(expression).flatMap((reference) => resourceOf(reference) ?? []);
    return [...new Set(found.map((target) => prefix + target))];
  }

  /** Resources on which a resource depends. */
  public dependencies(address: string): string[] {
    const resource = this.#entries.get(withoutIndex(address))?.resource;
    return resource ? this.referenced(address, [resource.expressions, { references: resource.depends_on }]) : [];
  }

  /**
   * Whether an expression is proven to hold nothing secret: it is written in the code, or refers only to Docker's networks,
   * volumes and images and to variables that are not sensitive.
   */
  public isPlain(address: string, expression: unknown): boolean {
    const entry = this.#entries.get(withoutIndex(address));
    if (!entry || !isObject(expression)) return false;
    return references(expression).every((reference) => {
      const [kind = "", name = ""] = reference.split(".");
      // A value for a module may be secret without its variable being marked as sensitive.
      if (kind === "var") return entry.prefix === "" && entry.module.variables?.[name]?.sensitive !== true;
      return /^docker_(network|volume|image)$/.test(kind);
    });
  }

  private add(module: ModuleConfiguration, prefix: string): void {
    for (const resource of module.resources ?? []) {
      this.#entries.set(prefix + resource.address, { resource, module, prefix });
    }
    for (const [name, call] of Object.entries(module.module_calls ?? {})) {
      if (call.module) this.add(call.module, `${prefix}module.${name}.`);
    }
  }
}

/** An address as in the code, without the indexes of `count` and `for_each`. */
export function withoutIndex(address: string): string {
  return address.includes("[") ? address.replaceAll(INDEX, "") : address;
}

function references(expression: unknown): string[] {
  if (Array.isArray(expression)) return expression.flatMap(references);
  if (!isObject(expression)) return [];
  const own = Array.isArray(expression.references)
    ? expression.references.filter((reference) => typeof reference === "string")
    : [];
  const nested = Object.entries(expression).flatMap(([name, value]) =>
    // A value may look like a reference.
    name === "references" || name === "constant_value" ? [] : references(value),
  );
  return [...own, ...nested];
}

function resourceOf(reference: string): string | undefined {
  const parts = withoutIndex(reference).split(".");
  if (/^(var|local|each|count|path|terraform|self|module)$/.test(parts[0] ?? "")) return undefined;
  const length = parts[0] === "data" ? 3 : 2;
  return parts.length < length ? undefined : parts.slice(0, length).join(".");
}
