import type { Redaction } from "../../app/redaction";
import type { Review } from "../model/model";

// our own words, of which programs rely on each.
const OWN = new Set(["kind", "effect", "state", "action"]);

/** The review without secrets that stood where nobody marks them, and in how many places some did. */
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
