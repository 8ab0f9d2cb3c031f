import { DataSize, Duration, HealthCheck, ServiceImage, StateBackend } from "../../../lib";
import { mlflowStack } from "../../support/stacks/synth";

describe("Duration", () => {
  test.each([
    [Duration.seconds(0), "0s"],
    [Duration.milliseconds(250), "250ms"],
    [Duration.seconds(60), "1m0s"],
    [Duration.seconds(90), "1m30s"],
    [Duration.minutes(61), "1h1m0s"],
    [Duration.milliseconds(1500), "1.5s"],
  ])("is spelled as Docker gives it back: %s", (duration, text) => {
    expect(duration.toGoString()).toBe(text);
  });

  test("fails on less than nothing", () => {
    expect(() => Duration.seconds(-1)).toThrow(
      "a duration must be a whole number of milliseconds of 0 or more, got: -1000",
    );
  });
});

describe("DataSize", () => {
  test("counts in mebibytes", () => {
    expect(DataSize.gibibytes(1.5).toMebibytes()).toBe(1536);
  });

  test.each([0, -1, 0.5])("fails on %s MiB", (amount) => {
    expect(() => DataSize.mebibytes(amount)).toThrow(
      `a size must be a whole number of mebibytes above 0, got: ${amount}`,
    );
  });
});

describe("HealthCheck", () => {
  test("waits long enough for its last verdict", () => {
    expect(HealthCheck.command(["true"]).startTimeout.toSeconds()).toBe(120);
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

describe("ServiceImage", () => {
  test.each([
    "postgres:18.6-trixie",
    "ghcr.io/mlflow/mlflow:v3.17.2-full",
    "localhost:5000/a/b_c:1",
    `postgres@sha256:${"a".repeat(64)}`,
  ])("takes %s", (name) => {
    expect(ServiceImage.registry(name).name).toBe(name);
  });

  test.each(["postgres", "postgres:latest", "localhost:5000/mlflow"])("fails on %s, which is not pinned", (name) => {
    expect(() => ServiceImage.registry(name)).toThrow(
      `an image must have a tag other than 'latest', or a digest, got: '${name}'`,
    );
  });

  test.each(["", "Postgres:18", "postgres:18 ", "https://example.com/postgres:18"])("fails on '%s'", (name) => {
    expect(() => ServiceImage.registry(name)).toThrow(
      `an image must be a name such as 'registry.example.com/team/mlflow:v3.1.0', got: '${name}'`,
    );
  });
});

describe("StateBackend", () => {
  test("is a file of the caller's choice", () => {
    const stack = mlflowStack({ state: StateBackend.local("../../../states/mlflow.tfstate") });

    expect(stack.toTerraform().terraform.backend).toEqual({ local: { path: "../../../states/mlflow.tfstate" } });
  });

  test("is any backend of Terraform's", () => {
    const stack = mlflowStack({ state: StateBackend.remote("pg", { schema_name: "mlflow" }) });

    expect(stack.toTerraform().terraform.backend).toEqual({ pg: { schema_name: "mlflow" } });
  });
});
