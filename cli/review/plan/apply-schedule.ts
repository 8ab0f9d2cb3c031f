import { actionOf } from "../../terraform/json/plan-actions";
import type { ModuleState, Plan, ResourceChange } from "../../terraform/json/plan-json";
import type { Configuration } from "./configuration";
import { withoutIndex } from "./configuration";
import { makingTime, removingTime } from "./step-times";
import type { Times } from "./step-times";

/** A step of an apply. */
export interface Step {
  readonly change: ResourceChange;
  readonly what: "remove" | "make" | "update";

  /** Seconds at which it begins and ends, besides work whose time has no limit; NaN if nobody knows the usual time. */
  readonly start: number;
  readonly end: number;
}

interface Node {
  readonly change?: ResourceChange;
  readonly what?: Step["what"];
  readonly seconds: number;
  readonly isUnbounded: boolean;
  readonly after: string[];
}

/**
 * The order of Terraform's steps, and when each ends.
 *
 * A resource is removed before its dependencies and created after them, and a replaced one is removed before it is created
 * again. Resources that do not depend on each other are handled at the same time.
 */
export class Schedule {
  readonly #nodes = new Map<string, Node>();
  readonly #steps = new Map<string, Step>();
  #withoutLimit?: ReadonlySet<string>;

  constructor(
    plan: Plan,
    configuration: Configuration,
    private readonly times: Times = "bound",
  ) {
    const changes = new Map<string, ResourceChange[]>();
    for (const change of plan.resource_changes ?? []) {
      if (change.mode === "data") continue;
      const key = withoutIndex(change.address);
      changes.set(key, [...(changes.get(key) ?? []), change]);
    }
    const dependents = dependentsIn(plan);
    for (const address of new Set([...configuration.addresses, ...changes.keys()])) {
      this.addMaking(address, changes.get(address) ?? [], configuration.dependencies(address));
      this.addRemoving(address, changes.get(address) ?? [], dependents.get(address) ?? []);
    }
    for (const key of this.#nodes.keys()) this.visit(key);
  }

  /** All steps, the earliest first. */
  public get steps(): Step[] {
    return [...this.#steps.values()]
      .filter(({ change }) => actionOf(change) !== "none")
      .sort((a, b) => a.start - b.start || a.end - b.end || compare(a.change.address, b.change.address));
  }

  /** Work whose time has no limit, before these resources are created. */
  public unboundedBefore(addresses: string[]): ResourceChange[] {
    const found: ResourceChange[] = [];
    const seen = new Set<string>();
    const stack = addresses.map((address) => `make ${withoutIndex(address)}`);
    for (let key = stack.pop(); key !== undefined; key = stack.pop()) {
      if (seen.has(key)) continue;
      seen.add(key);
      const node = this.#nodes.get(key);
      if (node?.isUnbounded && node.change) found.push(node.change);
      for (const next of node?.after ?? []) stack.push(next);
    }
    return found.sort((a, b) => compare(a.address, b.address));
  }

  /** Whether a resource is created only after work whose time has no limit. */
  public hasNoLimit(address: string): boolean {
    return (this.#withoutLimit ??= this.findWithoutLimit()).has(`make ${withoutIndex(address)}`);
  }

  // From the work to all that waits for it, once: asking from each of thousands of resources takes quadratic time.
  private findWithoutLimit(): Set<string> {
    const waiting = new Map<string, string[]>();
    const found: string[] = [];
    for (const [key, { after, isUnbounded, change }] of this.#nodes) {
      if (isUnbounded && change) found.push(key);
      for (const before of after) {
        const known = waiting.get(before);
        if (known) known.push(key);
        else waiting.set(before, [key]);
      }
    }
    const all = new Set(found);
    for (let key = found.pop(); key !== undefined; key = found.pop()) {
      for (const next of waiting.get(key) ?? []) {
        if (all.has(next)) continue;
        all.add(next);
        found.push(next);
      }
    }
    return all;
  }

  private addMaking(address: string, changes: ResourceChange[], dependencies: string[]): void {
    const isMadeFirst = changes.some(({ change }) => change.actions[0] === "create" && change.actions.length > 1);
    const after = dependencies.map((dependency) => `make ${dependency}`);
    if (!isMadeFirst) after.push(`remove ${address}`);
    const making = changes.filter((change) => /create|replace|update/.test(actionOf(change)));
    // A resource that does not change stays in the graph: its dependents wait for its dependencies.
    if (making.length === 0) this.#nodes.set(`make ${address}`, { seconds: 0, isUnbounded: false, after });
    for (const change of making) {
      const what = actionOf(change) === "update" ? "update" : "make";
      const key = making.length === 1 ? `make ${address}` : `make ${address} ${change.address}`;
      this.#nodes.set(key, { change, what, after, ...makingTime(change, what, this.times) });
    }
    if (making.length > 1) {
      const parts = making.map((change) => `make ${address} ${change.address}`);
      this.#nodes.set(`make ${address}`, { seconds: 0, isUnbounded: false, after: parts });
    }
  }

  private addRemoving(address: string, changes: ResourceChange[], dependents: string[]): void {
    const after = dependents.map((dependent) => `remove ${dependent}`);
    const removing = changes.filter((change) => /delete|replace/.test(actionOf(change)));
    const parts = removing.map((change) => {
      const key = `remove ${address} ${change.address}`;
      this.#nodes.set(key, {
        change,
        what: "remove",
        after,
        seconds: removingTime(change, this.times),
        isUnbounded: false,
      });
      return key;
    });
    this.#nodes.set(`remove ${address}`, { seconds: 0, isUnbounded: false, after: parts });
  }

  // Without recursion: a chain of thousands would overflow the stack of calls.
  private visit(first: string): void {
    const stack = [first];
    const open = new Set<string>();
    while (stack.length > 0) {
      const key = stack.at(-1) ?? "";
      const node = this.#nodes.get(key);
      const waiting = open.has(key)
        ? []
        : (node?.after ?? []).filter((next) => !this.#steps.has(next) && !open.has(next));
      open.add(key);
      if (waiting.length > 0) {
        for (const next of waiting) stack.push(next);
        continue;
      }
      stack.pop();
      if (!node || this.#steps.has(key)) continue;
      this.#steps.set(key, this.step(node));
    }
  }

  private step(node: Node): Step {
    const before = node.after.flatMap((key) => this.#steps.get(key) ?? []);
    const start = before.reduce((latest, { end }) => Math.max(latest, end), 0);
    return { change: node.change ?? NOTHING, what: node.what ?? "make", start, end: start + node.seconds };
  }
}

const NOTHING: ResourceChange = { address: "", type: "", change: { actions: ["no-op"], before: null, after: null } };

// From the state, which also has the resources that are no longer in the code.
function dependentsIn(plan: Plan): Map<string, string[]> {
  const dependents = new Map<string, string[]>();
  const add = (module: ModuleState | undefined): void => {
    for (const { address, depends_on: dependencies } of module?.resources ?? []) {
      for (const dependency of dependencies ?? []) {
        const known = dependents.get(dependency);
        if (known) known.push(withoutIndex(address));
        else dependents.set(dependency, [withoutIndex(address)]);
      }
    }
    for (const child of module?.child_modules ?? []) add(child);
  };
  add(plan.prior_state?.values?.root_module);
  return dependents;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
