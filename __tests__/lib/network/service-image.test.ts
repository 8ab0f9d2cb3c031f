import { ServiceImage } from "../../../lib/network/service-image";

describe("ServiceImage", () => {
  test.each([
    "postgres:18.6-trixie",
    "ghcr.io/mlflow/mlflow:v3.17.2-full",
    "localhost:5000/a/b_c:1.0.0",
    `postgres@sha256:${"a".repeat(64)}`,
  ])("takes %s", (name) => {
    expect(ServiceImage.registry(name).name).toBe(name);
  });

  test.each(["postgres", "postgres:latest", "postgres:18", "mlflow:main", "localhost:5000/mlflow"])(
    "fails on %s, which is not pinned",
    (name) => {
      expect(() => ServiceImage.registry(name)).toThrow(
        `an image must have a digest, or a tag with a full version such as '3.1.0', a date or a commit, because other tags become other images, got: '${name}'`,
      );
    },
  );

  test.each(["", "Postgres:18", "postgres:18 ", "https://example.com/postgres:18"])("fails on '%s'", (name) => {
    expect(() => ServiceImage.registry(name)).toThrow(
      `an image must be a name such as 'registry.example.com/team/mlflow:v3.1.0', got: '${name}'`,
    );
  });
});
