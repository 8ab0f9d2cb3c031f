import { DataSize, Duration, HealthCheck, ServiceImage, StateBackend } from "../../../lib";
import { ImageName } from "../../../lib/values/image-name";
import { IpRange } from "../../../lib/values/ip-range";
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

describe("ImageName", () => {
  test.each([
    ["postgres:18", undefined, "postgres", "18"],
    ["team/app", undefined, "team/app", undefined],
    ["ghcr.io/mlflow/mlflow:v3", "ghcr.io", "ghcr.io/mlflow/mlflow", "v3"],
    ["localhost/app:1", "localhost", "localhost/app", "1"],
    ["localhost:5000/app", "localhost:5000", "localhost:5000/app", undefined],
    ["ghcr.io/app:1@sha256:abc", "ghcr.io", "ghcr.io/app", "1"],
  ])("reads the parts of %s", (text, registry, repository, tag) => {
    const { registry: host, repository: path, tag: version } = new ImageName(text);

    expect([host, path, version]).toEqual([registry, repository, tag]);
  });

  test.each([
    ["postgres:18", "mirror.example.com/hub/postgres:18"],
    ["team/app@sha256:abc", "mirror.example.com/hub/team/app@sha256:abc"],
    ["localhost:5000/app:1", "mirror.example.com/hub/app:1"],
  ])("moves %s to another registry", (text, expected) => {
    expect(new ImageName(text).at("mirror.example.com/hub/")).toBe(expected);
  });
});

describe("IpRange", () => {
  test.each([
    ["10.0.0.0/8", 4, 8],
    ["10.1.2.3", 4, 32],
    ["::/0", 6, 0],
    ["fd00::1", 6, 128],
  ])("reads %s", (text, version, prefixLength) => {
    expect(IpRange.parse(text)).toMatchObject({ version, prefixLength });
  });

  test.each(["", "a", "10.0.0", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/", "::/129", "fe80::1%eth0", "10.0.0.1 ::1"])(
    "takes no '%s'",
    (text) => {
      expect(IpRange.parse(text)).toBeUndefined();
    },
  );

  test.each([
    ["10.0.0.0/8", "10.1.0.0/16", true],
    ["10.1.0.0/16", "10.0.0.0/8", true],
    ["10.1.2.3", "10.1.2.3/32", true],
    ["10.0.0.0/9", "10.128.0.0/9", false],
    ["0.0.0.0/0", "::/0", false],
  ])("knows whether %s and %s overlap", (one, other, expected) => {
    expect(IpRange.parse(one)?.overlaps(IpRange.parse(other) as IpRange)).toBe(expected);
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
