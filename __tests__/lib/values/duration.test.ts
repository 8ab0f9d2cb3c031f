import { Duration } from "../../../lib/values/duration";

describe("Duration", () => {
  test.each([
    [Duration.seconds(0), "0s"],
    [Duration.milliseconds(250), "250ms"],
    [Duration.seconds(60), "1m0s"],
    [Duration.seconds(90), "1m30s"],
    [Duration.minutes(61), "1h1m0s"],
    [Duration.milliseconds(1500), "1.5s"],
  ])("is printed as Docker prints it: %s", (duration, text) => {
    expect(duration.toGoString()).toBe(text);
  });

  test("fails on a negative number", () => {
    expect(() => Duration.seconds(-1)).toThrow(
      "a duration must be a whole number of milliseconds of 0 or more, got: -1000",
    );
  });
});
