import { MASK, Redaction } from "../../app/redaction";
import type { Review } from "../model/model";
import { redact } from "../secrets/redact";
import { renderJson } from "./render-json";
import { renderMarkdown } from "./render-markdown";
import { renderText } from "./render-text";
import { count, words } from "../model/text";

/** The format of a review. */
export type Format = "text" | "markdown" | "json";

const RENDERERS: { readonly [format in Format]: (review: Review) => string } = {
  text: renderText,
  markdown: renderMarkdown,
  json: renderJson,
};

/**
 * The review in a format, without any of the secrets.
 *
 * @param secrets see `secretsOf()`.
 */
export function render(review: Review, format: Format, secrets: Iterable<string>): string {
  const redaction = new Redaction(secrets);
  const { review: clean, found } = redact(review, redaction);
  const note = words(
    `${count(found, "place")} would have shown a secret, which the plan holds in clear where nothing marks it; it is replaced by ${MASK}.`,
  );
  const first = RENDERERS[format](found > 0 ? { ...clean, notes: [...clean.notes, note] } : clean);
  // Once more over the result: rendering may join the parts of a secret.
  return redaction.apply(first);
}
