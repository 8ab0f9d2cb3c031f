import { releaseIn, versionsOf } from "../../../cli/status/versions";
import { State } from "../../../cli/terraform/json/state";

test.each([
  ["3.14.0", "3.14.0"],
  ["postgres (PostgreSQL) 18.1 (Debian 18.1-1.pgdg13+2)", "18.1"],
  ["v2.10.2 h1:g/gTYjGMD0dec+UgMw8SnfmJ3I9+M2TdvoRL/Ovu6U8=", "2.10.2"],
  ["minio version RELEASE.2025-10-15T17-29-55Z (commit-id=9e49d5e7)", "RELEASE.2025-10-15T17-29-55Z"],
  ["3.14.0rc1", "3.14.0rc1"],
  ["minio version DEVELOPMENT.GOGET (commit-id=DEVELOPMENT.GOGET)\nRuntime: go1.26.8 linux/amd64", undefined],
])("the release in %p is %p", (text, release) => expect(releaseIn(text)).toBe(release));

test("the programs in the containers are asked, and one that does not answer has no release", async () => {
  const resource = (name: string, role: string) => ({
    mode: "managed",
    type: "docker_container",
    name,
    instances: [
      { attributes: { name, image: `id-of-${name}`, labels: [{ label: "cdktf-mlflow.role", value: role }] } },
    ],
  });
  const attributes = { image_id: "id-of-a-minio", name: "localhost/cdktf-mlflow/minio:2026-02-12-6771b79bae21" };
  const image = { mode: "managed", type: "docker_image", name: "minio", instances: [{ attributes }] };
  const resources = [
    resource("a-server", "server"),
    resource("a-db", "database"),
    resource("a-job", "bucket-job"),
    resource("a-minio", "object-store"),
    image,
  ];
  const docker = {
    execOutput: async (name: string) =>
      name === "a-server"
        ? { exitCode: 0, text: "3.14.0" }
        : name === "a-minio"
          ? { exitCode: 0, text: "minio version DEVELOPMENT.GOGET" }
          : { exitCode: 1, text: "Error response from daemon: container 0123 is not running" },
  };

  expect(await versionsOf(docker, State.parse(JSON.stringify({ resources })))).toEqual([
    { service: "a-server", program: "MLflow", version: "3.14.0" },
    { service: "a-minio", program: "MinIO", version: "2026-02-12" },
  ]);
});
