import { commentOf } from "../../../cli/pull-request/comment";

const RUN = "https://github.com/ada/models/actions/runs/1";
const MARKER = "<!-- mlflow-stack review: mlflow -->";

describe("the comment on a stack", () => {
  test("begins with its marker, names the state, and has the review", () => {
    expect(commentOf("mlflow", "**Applied.**", `${MARKER}\n\n## Review\n`, RUN)).toBe(
      `${MARKER}\n**Applied.** ([log](${RUN}))\n\n## Review\n`,
    );
    expect(commentOf("mlflow", "**Applied.**", "<!-- mlflow-stack review: ml -->\n## Review", RUN)).toBe(
      `${MARKER}\n**Applied.** ([log](${RUN}))\n\n## Review`,
    );
  });

  test("says where to find a review that is too long for GitHub", () => {
    const comment = commentOf("mlflow", "Merging applies this plan.", "x".repeat(65_500), RUN);

    expect(comment).toBe(
      `${MARKER}\nMerging applies this plan. ([log](${RUN}))\n\n` +
        "The review is too long for a comment: it is in the summary of the run.\n",
    );
  });
});
