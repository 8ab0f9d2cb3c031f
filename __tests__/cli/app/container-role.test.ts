import { roleOf } from "../../../cli/app/container-role";
import { ContainerRole } from "../../../lib/contract/container-roles";
import { AuthMethod, Role } from "../../../lib";
import { SHAPES } from "../../support/stacks/shapes";
import { mlflowStack, synth } from "../../support/stacks/synth";

test("The constructs label every container, and use every role", () => {
  const users = [{ name: "ada", role: Role.ADMIN, workspace: "vision" }];
  const withWorkspaces = mlflowStack({ auth: AuthMethod.basic({ users }), server: { features: { workspaces: true } } });
  const stacks = [...Object.values(SHAPES).map((shape) => shape()), withWorkspaces];
  const containers = stacks.flatMap((stack) => Object.values(synth(stack).resource.docker_container));
  const labels = containers.map(({ labels = [] }) =>
    (labels as { label: string; value: string }[])
      .filter(({ label }) => label === "cdktf-mlflow.role")
      .map(({ value }) => value)
      .join(),
  );

  expect([...new Set(labels)].sort()).toEqual(Object.values(ContainerRole).sort());
  expect(containers.map(roleOf)).toEqual(labels);
});

// Release 0.1.0 wrote these attributes.
test.each([
  ["gateway", { env: ["SITE_ADDRESS=http://:8080", "AUTH_METHOD=basic"] }],
  [
    "server",
    { env: ["MLFLOW_WORKERS=2"], entrypoint: ["mlflow"], command: ["--env-file", "/run/secrets/mlflow.env", "server"] },
  ],
  ["migration-job", { entrypoint: ["mlflow"], command: ["db", "upgrade", "postgresql+psycopg2:///?service=mlflow"] }],
  ["bucket-job", { upload: [{ file: "/run/secrets/minio-access-key" }, { file: "/etc/minio/policy.json" }] }],
  [undefined, { env: ["POSTGRES_DB=mlflow"], upload: [{ file: "/run/secrets/postgres-password" }] }],
  [undefined, {}],
])("A container of release 0.1.0, which had no labels, is known as %s", (role, container) => {
  expect(roleOf(container)).toBe(role);
});

test("The label decides if there is one", () => {
  const labels = [
    { label: "cdktf-mlflow.triggers", value: "gateway" },
    { label: "cdktf-mlflow.role", value: "scheduler" },
  ];

  expect(roleOf({ labels, env: ["AUTH_METHOD=basic"] })).toBe("scheduler");
});
