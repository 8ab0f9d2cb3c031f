import type { Plan } from "../../terraform/json/plan-json";
import { nameOf } from "./attributes";

const UNKNOWN = "terraform";

/** The id of a stack, which a plan does not hold: the common beginning of its names on the engine. */
export function stackOf(plan: Plan): string {
  const names = (plan.resource_changes ?? [])
    .filter((change) => /^docker_(container|network|volume)$/.test(change.type))
    .filter((change) => typeof (change.change.after ?? change.change.before)?.name === "string")
    .map((change) => nameOf(change).split("-"));
  const [first, ...others] = names;
  if (!first || others.length === 0) return UNKNOWN;
  const length = others.reduce((common, words) => {
    const differs = words.findIndex((word, index) => word !== first[index]);
    return Math.min(common, differs < 0 ? words.length : differs);
  }, first.length);
  return first.slice(0, length).join("-") || UNKNOWN;
}
