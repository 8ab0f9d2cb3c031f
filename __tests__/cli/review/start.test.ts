import { review } from "../../../cli/commands/review";

// Loading it takes as long as the whole review of twenty resources.
jest.mock("cdktf", () => {
  throw new Error("the review has loaded cdktf");
});

test("The command that reviews a plan loads no cdktf", () => {
  expect(review).toBeInstanceOf(Function);
});
