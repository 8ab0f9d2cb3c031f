import { HealthCheck } from "../../../lib/network/health-check";
import { Duration } from "../../../lib/values/duration";

describe("HealthCheck", () => {
  test("has a start timeout that covers the start period and every failure that it allows", () => {
    expect(HealthCheck.command(["true"]).startTimeout.toSeconds()).toBe(102);
  });

  test("fails on timing that Docker refuses", () => {
    expect(() => HealthCheck.command(["true"], { interval: Duration.milliseconds(10) })).toThrow(
      "'interval' must be at least 1 second, got: 10ms",
    );
    expect(() => HealthCheck.command(["true"], { timeout: Duration.seconds(0) })).toThrow(
      "'timeout' must be at least 1 second, got: 0s",
    );
    expect(() => HealthCheck.command(["true"], { retries: 0 })).toThrow(
      "'retries' must be a whole number of 1 or more, got: 0",
    );
  });
});
