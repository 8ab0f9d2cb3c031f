// GitHub refuses longer comments.
const MAX_LENGTH = 65_536;

/** The first line of the comment on a stack, by which it is found again. */
export function markerOf(stack: string): string {
  return `<!-- mlflow-stack review: ${stack} -->`;
}

/**
 * The comment on a stack: the state of the apply, and the review below it.
 *
 * @param stack id of the stack.
 * @param state the state of the apply, in Markdown.
 * @param review the review, in Markdown; it may begin with a marker.
 * @param run address of the run's page.
 */
export function commentOf(stack: string, state: string, review: string | undefined, run: string): string {
  const head = `${markerOf(stack)}\n${state} ([log](${run}))\n`;
  if (review === undefined) return head;
  // The review has a first line of its own, with an id that it may have guessed from the plan.
  const text = `${head}\n${review.replace(/^<!-- mlflow-stack review: .* -->\s*/, "")}`;
  return text.length <= MAX_LENGTH
    ? text
    : `${head}\nThe review is too long for a comment: it is in the summary of the run.\n`;
}
