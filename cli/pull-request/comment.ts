// GitHub refuses longer ones.
const MAX_LENGTH = 65_536;

/** The first line of the comment on a stack, by which it is found again. */
export function markerOf(stack: string): string {
  return `<!-- mlflow-stack review: ${stack} -->`;
}

/**
 * Puts the state of things above a review.
 *
 * @param stack id of the stack.
 * @param state what is, or is to be done, in Markdown.
 * @param review the review, in Markdown; it may begin with a marker.
 * @param run address of the run's page.
 */
export function commentOf(stack: string, state: string, review: string | undefined, run: string): string {
  const head = `${markerOf(stack)}\n${state} ([log](${run}))\n`;
  if (review === undefined) return head;
  // a review may have guessed the id from the plan, which does not tell it.
  const text = `${head}\n${review.replace(/^<!-- mlflow-stack review: .* -->\s*/, "")}`;
  return text.length <= MAX_LENGTH
    ? text
    : `${head}\nThe review is too long for a comment: it is in the summary of the run.\n`;
}
