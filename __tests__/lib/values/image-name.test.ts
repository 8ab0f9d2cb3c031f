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
    ["postgres:18", "mirror.example.com/hub/postgres:18"],
    ["team/app@sha256:abc", "mirror.example.com/hub/team/app@sha256:abc"],
    ["localhost:5000/app:1", "mirror.example.com/hub/app:1"],
  ])("moves %s to another registry", (text, expected) => {
    expect(new ImageName(text).at("mirror.example.com/hub/")).toBe(expected);
  });
});
