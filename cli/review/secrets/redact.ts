import type { Redaction } from "../../app/redaction";
import type { Review } from "../model/model";

// Fields with words of our own, on which programs rely.
const OWN = new Set(["kind", "effect", "content", "state", "action"]);

/** The review without secrets that stood where nothing marks them, and the number of such places. */
export function redact(review: Review, redaction: Redaction): { readonly review: Review; readonly found: number } {
  let found = 0;
  const clean = (value: unknown): unknown => {
    if (typeof value === "string") {
      const checked = redaction.check(value);
      found += checked.found;
      return checked.text;
    }
    if (Array.isArray(value)) return value.map(clean);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [name, OWN.has(name) ? (member as unknown) : clean(member)]),
    );
  };
  return { review: clean(review) as Review, found };
}
