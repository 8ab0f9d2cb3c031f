import { goSeconds } from "../../../../cli/review/plan/go-duration";
import { Duration } from "../../../../lib/values/duration";

describe("A duration of Go", () => {
  test.each([0, 500, 1000, 90_000, 61_500, 3_600_000, 5_400_000])("of %d ms is read as the library writes it", (ms) => {
    expect(goSeconds(Duration.milliseconds(ms).toGoString())).toBeCloseTo(ms / 1000, 6);
  });

  test.each(["", "0", "1.5", "soon", "1m 30s", "1d"])("is not read from %j", (text) => {
    expect(goSeconds(text)).toBe(text === "0" ? 0 : NaN);
  });

  test("that is not given is not read", () => {
    expect(goSeconds(undefined)).toBeNaN();
  });
});
