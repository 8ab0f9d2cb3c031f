import { HealthCheck } from "../../../lib/network/health-check";
import { Duration } from "../../../lib/values/duration";

describe("HealthCheck", () => {
  test("has a start timeout that covers the start period and every failure that it allows", () => {
    expect(HealthCheck.command(["true"]).startTimeout.toSeconds()).toBe(102);
  });

  test("runs a command of yours as it is, unless it has to restart the service", () => {
    expect(HealthCheck.command(["true"])._program).toEqual(["true"]);
    expect(HealthCheck.command(["true"], { restartAfter: Duration.minutes(1) })._program).toEqual([
      ...["/bin/sh", "-c", expect.stringContaining("kill -9 -1"), "healthcheck", "60", "6", "true"],
    ]);
  });

  test("fails on timing that Docker refuses", () => {
    expect(() => HealthCheck.command(["true"], { interval: Duration.milliseconds(10) })).toThrow(
      "'interval' must be at least 1 second, got: 10ms",
    );
    expect(() => HealthCheck.command(["true"], { timeout: Duration.seconds(0) })).toThrow(
      "'timeout' must be at least 1 second, got: 0s",
    );
    expect(() => HealthCheck.command(["true"], { restartAfter: Duration.seconds(0) })).toThrow(
      "'restartAfter' must be at least 1 second, got: 0s",
    );
    expect(() => HealthCheck.command(["true"], { retries: 0 })).toThrow(
      "'retries' must be a whole number of 1 or more, got: 0",
    );
  });
});
