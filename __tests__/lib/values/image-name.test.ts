import { ImageName } from "../../../lib/values/image-name";

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
    `postgres@sha256:${"a".repeat(64)}`,
    `mlflow:main@sha256:${"a".repeat(64)}`,
    "postgres:18.6-trixie",
    "mirror.example.com/hub/postgres:18.6",
    "ghcr.io/mlflow/mlflow:v3.17.2-full",
    "pgsty/silo:RELEASE.2026-09-16T00-00-00Z",
    "quay.io/minio/minio:RELEASE.2026-09-16T00-00-00Z",
    "caddy:2.11.9-alpine",
    "app:release-1.2.3",
    "app:20261129",
    "app:3f9a2c1",
    "app:main-3f9a2c1d",
  ])("takes %s for pinned", (name) => {
    expect(new ImageName(name).isPinned).toBe(true);
  });

  test.each([
    ...["postgres", "postgres:latest", "postgres:18", "postgres:18-trixie", "mlflow:main", "minio:edge", "x:nightly"],
    ...[
      "python:3.12",
      "python:3.12-slim",
      "node:22-alpine3.20",
      "app:stable",
      "app:1",
      "app:v2",
      "app:deadbee",
      "app:42",
    ],
    ...["other:18.6", "app:1234567", "app:2026-11", "app:decade"],
  ])("takes %s for one that moves", (name) => {
    expect(new ImageName(name).isPinned).toBe(false);
  });

  test.each([
    ["postgres:18", "mirror.example.com/hub/postgres:18"],
    ["team/app@sha256:abc", "mirror.example.com/hub/team/app@sha256:abc"],
    ["localhost:5000/app:1", "mirror.example.com/hub/app:1"],
    ["localhost/built-here:1", "localhost/built-here:1"],
  ])("moves %s to another registry, if one can have it", (text, expected) => {
    expect(new ImageName(text).at("mirror.example.com/hub/")).toBe(expected);
  });
});
