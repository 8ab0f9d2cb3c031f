import type { ModuleConfiguration, Plan, ResourceConfiguration } from "../../terraform/plan-json";
import { isObject } from "./attributes";

// index keys may hold anything, quotes included.
const INDEX = /\[(?:\d+|"(?:[^"\\]|\\.)*")\]/g;

interface Entry {
  readonly resource: ResourceConfiguration;
  readonly module: ModuleConfiguration;
  readonly prefix: string;
}

/** What a plan was made from: which resource refers to which, and what stands in the code itself. */
export class Configuration {
  readonly #entries = new Map<string, Entry>();

  constructor(plan: Plan) {
    const root = plan.configuration?.root_module;
    if (root) this.add(root, "");
  }

  /** Whether the plan tells its configuration at all. */
  public get isKnown(): boolean {
    return this.#entries.size > 0;
  }

  /** Addresses of all resources, without indexes. */
  public get addresses(): string[] {
    return [...this.#entries.keys()];
  }

  /** What an attribute or block of a resource is written as; nothing where it is not written. */
  public expression(address: string, attribute: string): unknown {
    return this.#entries.get(withoutIndex(address))?.resource.expressions?.[attribute];
  }

  /** Resources that an expression of a resource refers to, by address. */
  public referenced(address: string, expression: unknown): string[] {
    const prefix = this.#entries.get(withoutIndex(address))?.prefix ?? "";
    const found = references(expression).flatMap((reference) => resourceOf(reference) ?? []);
    return [...new Set(found.map((target) => prefix + target))];
  }

  /** Resources that have to be there before a resource. */
  public dependencies(address: string): string[] {
    const resource = this.#entries.get(withoutIndex(address))?.resource;
    return resource ? this.referenced(address, [resource.expressions, { references: resource.depends_on }]) : [];
  }

  /**
   * Whether an expression is proven to hold nothing secret: it stands in the code, or refers to what Docker's own
   * resources and open variables tell.
   */
  public isPlain(address: string, expression: unknown): boolean {
    const entry = this.#entries.get(withoutIndex(address));
    if (!entry || !isObject(expression)) return false;
    return references(expression).every((reference) => {
      const [kind = "", name = ""] = reference.split(".");
      // what is given to a module may be secret without its variable saying so.
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

/** An address as the code has it: without the indexes of `count` and `for_each`. */
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
    // a value may look like anything.
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
