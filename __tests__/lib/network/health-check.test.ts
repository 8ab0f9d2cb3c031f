import { HealthCheck } from "../../../lib/network/health-check";
import { Duration } from "../../../lib/values/duration";

describe("HealthCheck", () => {
  test("has a start timeout that covers the start period and every failure that it allows", () => {
    expect(HealthCheck.command(["true"]).startTimeout.toSeconds()).toBe(102);
  });

  test("runs a command of yours as it is, unless it has to restart the service", () => {
    expect(HealthCheck.command(["true"])._engineCheck.program).toEqual(["true"]);
    expect(HealthCheck.command(["true"], { restartAfter: Duration.minutes(1) })._engineCheck.program).toEqual([
      ...["/bin/sh", "-c", expect.stringContaining("kill -9 -1"), "healthcheck", "60", "6", "0", "true"],
    ]);
  });

  test("waits inside the container between two checks of a healthy service, with a timeout that allows it", () => {
    const { program, interval, timeout } = HealthCheck.command(["true"], {
      interval: Duration.seconds(10),
      startInterval: Duration.milliseconds(1500),
      timeout: Duration.seconds(4),
    })._engineCheck;

    expect(program.slice(-5)).toEqual(["healthcheck", "0", "6", "8.5", "true"]);
    expect([interval, timeout].map(String)).toEqual(["1.5s", "12.5s"]);
  });

  test("fails on timing that Docker refuses", () => {
    expect(() => HealthCheck.command(["true"], { interval: Duration.milliseconds(10) })).toThrow(
      "'interval' must be at least 1 second, got: 10ms",
    );
    expect(() => HealthCheck.command(["true"], { startInterval: Duration.seconds(3) })).toThrow(
      "'startInterval' must be at most 'interval', 2s, got: 3s",
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
