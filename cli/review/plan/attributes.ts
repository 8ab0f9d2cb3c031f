import { isDeepStrictEqual } from "node:util";
import { isObject } from "../../console/parse-json";
import type { ActionInvocation, ResourceChange, Values } from "../../terraform/json/plan-json";

/** The attributes of a resource before or after a change, with Terraform's marks: sensitive, or not known yet. */
export class Attributes {
  /** Those of a resource that does not exist. */
  public static readonly NONE = new Attributes({}, {}, {});

  public static before({ change }: ResourceChange): Attributes | undefined {
    return change.before ? new Attributes(change.before, change.before_sensitive, {}) : undefined;
  }

  public static after({ change }: ResourceChange): Attributes | undefined {
    return change.after ? new Attributes(change.after, change.after_sensitive, change.after_unknown) : undefined;
  }

  /** The settings of an action; none of them was there before. */
  public static ofAction(action: ActionInvocation): Attributes {
    return new Attributes(action.config_values ?? {}, action.config_sensitive, action.config_unknown);
  }

  private constructor(
    private readonly values: Values,
    private readonly marks: unknown,
    private readonly unknown: unknown,
  ) {}

  public get names(): string[] {
    return Object.keys(isObject(this.unknown) ? { ...this.values, ...this.unknown } : this.values);
  }

  /** Whether any part of an attribute is sensitive: then all of it is. In a plan without marks everything is. */
  public isSensitive(name: string): boolean {
    if (this.marks === undefined || this.marks === true) return true;
    return isObject(this.marks) && holdsTrue(this.marks[name]);
  }

  /** Whether any part of an attribute is known only after the apply. */
  public isUnknown(name: string): boolean {
    return this.unknown === true || (isObject(this.unknown) && holdsTrue(this.unknown[name]));
  }

  /** The value as it stands in the plan, secret or not. */
  public value(name: string): unknown {
    return this.values[name];
  }

  public text(name: string): string | undefined {
    const value = this.values[name];
    return typeof value === "string" ? value : undefined;
  }

  public number(name: string): number | undefined {
    const value = this.values[name];
    return typeof value === "number" && Number.isFinite(value) ? value : undefined;
  }

  /** The texts of a list. */
  public texts(name: string): string[] {
    return this.list(name).filter((item) => typeof item === "string");
  }

  /** The blocks of a kind. */
  public blocks(name: string): Values[] {
    return this.list(name).filter(isObject);
  }

  private list(name: string): unknown[] {
    const value = this.values[name];
    return Array.isArray(value) ? value : [];
  }
}

/** The name of a resource, or its address if the name is secret or not known. */
export function nameOf(change: ResourceChange, side = Attributes.after(change) ?? Attributes.before(change)): string {
  const name = side && !side.isSensitive("name") ? side.text("name") : undefined;
  return name === undefined || name === "" ? change.address : name;
}

/**
 * Names of the attributes that the app changes.
 *
 * An attribute that the engine or the image decides is not among them, although it is not known yet for a new resource.
 */
export function changedAttributes(change: ResourceChange): string[] {
  const before = Attributes.before(change);
  const after = Attributes.after(change);
  if (!before || !after) return [];
  const { actions, replace_paths: paths } = change.change;
  const causes = Array.isArray(paths)
    ? new Set(paths.map((path) => (Array.isArray(path) ? path[0] : path)))
    : undefined;
  const isAsked = (name: string) =>
    !actions.includes("create") || causes === undefined || causes.has(name) || !isEmptyValue(after.value(name));
  return [...new Set([...before.names, ...after.names])]
    .filter((name) => !after.isUnknown(name) && !isSame(before.value(name), after.value(name)) && isAsked(name))
    .sort();
}

/** Whether two values mean the same to the engine, as null, an empty list, an empty text, false and 0 do. */
export function isSame(a: unknown, b: unknown): boolean {
  return a === b || isDeepStrictEqual(a, b) || canonical(a) === canonical(b);
}

/** Whether a value means the same as none. */
export function isEmptyValue(value: unknown): boolean {
  return canonical(value) === "";
}

// Sets have no order, and an empty value has many spellings.
function canonical(value: unknown): string {
  if (value === null || value === undefined || value === "" || value === 0 || value === false) return "";
  if (Array.isArray(value)) {
    const items = value.map(canonical);
    return items.length === 0 ? "" : `[${value.every(isObject) ? items.sort().join() : items.join()}]`;
  }
  if (isObject(value)) {
    const members = Object.entries(value).flatMap(([name, member]) => {
      const text = canonical(member);
      return text === "" ? [] : [`${JSON.stringify(name)}:${text}`];
    });
    return members.length === 0 ? "" : `{${members.sort().join()}}`;
  }
  return JSON.stringify(value);
}

function holdsTrue(marks: unknown): boolean {
  if (marks === true) return true;
  if (Array.isArray(marks)) return marks.some(holdsTrue);
  return isObject(marks) && Object.values(marks).some(holdsTrue);
}
