import { MASK, Redaction } from "../../app/redaction";
import type { Review } from "../model/model";
import { redact } from "../secrets/redact";
import { renderJson } from "./render-json";
import { renderMarkdown } from "./render-markdown";
import { renderText } from "./render-text";
import { count, words } from "../model/text";

/** How a review is written. */
export type Format = "text" | "markdown" | "json";

const RENDERERS: { readonly [format in Format]: (review: Review) => string } = {
  text: renderText,
  markdown: renderMarkdown,
  json: renderJson,
};

/**
 * The review as a text in which none of the secrets occurs.
 *
 * @param secrets see `secretsOf()`.
 */
export function render(review: Review, format: Format, secrets: Iterable<string>): string {
  const redaction = new Redaction(secrets);
  const { review: clean, found } = redact(review, redaction);
  const note = words(
    `${count(found, "place")} would have shown a secret, which stands in clear where nothing marks it; it is replaced by ${MASK}.`,
  );
  const first = RENDERERS[format](found > 0 ? { ...clean, notes: [...clean.notes, note] } : clean);
  // once more over what is printed: a rendering may bring together what was apart.
  return redaction.apply(first);
}
