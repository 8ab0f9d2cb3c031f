import { keepDatabaseImage, notesOnSwaps, swappedImages } from "../../../cli/deployment/stand-ins";
import { ROLE_LABEL } from "../../../lib/contract/container-roles";
import { PlanBuilder, ourContainer } from "../../support/plans/plan-builder";

const [OLD, NEW] = [
  "localhost/cdktf-mlflow/postgres:18.6-0123456789ab",
  "localhost/cdktf-mlflow/postgres:18.6-ba9876543210",
];
const OFFICIAL = "postgres:18.6-trixie";

/** A plan that gives a container another image, which is a resource of its own. */
function planOf(role: string, before: string, after: string) {
  const container = (image: string) =>
    ourContainer("mlflow-service", { image, labels: [{ label: ROLE_LABEL, value: role }] });
  return new PlanBuilder()
    .resource("docker_image.image", { id: "sha256:1", image_id: "sha256:1", name: before }, { name: after })
    .resource("docker_container.service", container("sha256:1"), container("sha256:1"), {
      actions: ["delete", "create"],
      unknown: { image: true },
      references: { image: ["docker_image.image.image_id", "docker_image.image"] },
    })
    .build();
}

test.each([
  [OLD, OFFICIAL],
  [OFFICIAL, NEW],
  [OLD, "registry.example.com/postgres:18.6"],
])("A database keeps %s, unless %s is named", (before, after) => {
  const plan = planOf("database", before, after);

  expect(() => keepDatabaseImage(plan, {})).toThrow(`would get ${after}`);
  expect(() => keepDatabaseImage(plan, { POSTGRES_IMAGE: after })).not.toThrow();
  expect(notesOnSwaps(plan)).toEqual([expect.stringContaining("does not start on the data of the other one")]);
});

test.each([
  [OLD, NEW],
  [OFFICIAL, "postgres:18.7-trixie"],
])("A database gets a newer image of the same kind: %s, %s", (before, after) => {
  expect(swappedImages(planOf("database", before, after))).toEqual([]);
});

test("Other services get the official image, and that is said", () => {
  const plan = planOf(
    "server",
    "localhost/cdktf-mlflow/mlflow:3.17.2-0123456789ab",
    "ghcr.io/mlflow/mlflow:v3.17.2-full",
  );

  expect(() => keepDatabaseImage(plan, {})).not.toThrow();
  expect(notesOnSwaps(plan)).toEqual([
    "Warning: mlflow-service gets ghcr.io/mlflow/mlflow:v3.17.2-full (not built here) in place of localhost/cdktf-mlflow/mlflow:3.17.2-0123456789ab (built here)",
  ]);
});
