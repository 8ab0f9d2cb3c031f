import type { Plan } from "../../../../cli/terraform/json/plan-json";
import { PlanBuilder, ourContainer } from "../../../support/plans/plan-builder";
import { review, role } from "../../../support/plans/reviewed";

describe("A review tells", () => {
  const image = (before: string, after: string, which = "database") =>
    new PlanBuilder()
      .resource(
        "docker_image.i",
        { name: before, image_id: "sha256:1111" },
        { name: after },
        { unknown: { image_id: true } },
      )
      .resource(
        "docker_container.db",
        ourContainer("db", role(which)),
        ourContainer("db", { ...role(which), image: undefined }),
        {
          unknown: { image: true },
          references: { image: ["docker_image.i.image_id"] },
        },
      )
      .build();

  test.each<[string, Plan, string]>([
    [
      "an older major version of PostgreSQL",
      image("postgres:18.6", "postgres:17.1"),
      "db becomes PostgreSQL 17.1 instead of 18.6: another major version does not open the files that are there",
    ],
    ["an image of another product", image("postgres:18.6", "mysql:18.6", "x"), "the image is another product"],
    [
      "an image from another source",
      image("postgres:18.6", "evil.example.com/postgres:18.6"),
      "the image comes from another source",
    ],
    ["another build of a release", image("postgres:18.6", "postgres:18.6-x"), "another build"],
    [
      "a release after its candidate, which is another MLflow",
      image("mlflow:v3.18.0rc1-full", "mlflow:v3.18.0-full", "migration-job"),
      "MLflow 3.18.0 brings the tables into its form, and MLflow 3.18.0rc1 does not open them any more",
    ],
    [
      "a candidate after its release, which is older",
      image("mlflow:v3.18.0-full", "mlflow:v3.18.0-rc.1-full", "migration-job"),
      "MLflow 3.18.0-rc.1 does not open the database of MLflow 3.18.0, which is newer",
    ],
    [
      "a candidate after an earlier one",
      image("mlflow:v3.18.0rc9", "mlflow:v3.18.0rc10", "migration-job"),
      "MLflow 3.18.0rc10 brings the tables into its form",
    ],
    [
      "another build, named by its commit",
      image("mlflow:v3.17.2-c9d1e2f", "mlflow:v3.17.2-a1b2c3d", "x"),
      "another build",
    ],
    [
      "a release of PostgreSQL after a beta, which has other files",
      image("postgres:19beta1-trixie", "postgres:19.0-trixie"),
      "db becomes PostgreSQL 19.0 instead of 19beta1",
    ],
  ])("%s", (_what, plan, sentence) => {
    const { headline, said } = review(plan);

    expect(said).toContain(sentence);
    expect(said).not.toContain("hunter2");
    expect(headline).not.toMatch(/Nothing opens or closes\. This apply deletes no data/);
  });
});
