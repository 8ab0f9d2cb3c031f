import type { Plan } from "../../../../cli/terraform/json/plan-json";
import { reviewPlan } from "../../../../cli/review/findings/review-plan";
import { PlanBuilder, ourContainer } from "../../../support/plans/plan-builder";
import { changed, headline, text } from "../../../support/plans/reviewed";

describe("Data", () => {
  const volume = { name: "mlflow-data" };

  test.each<[string, Plan, string]>([
    [
      "a volume that goes",
      new PlanBuilder().resource("docker_volume.data", volume, null).build(),
      "Data is lost: the volume 'mlflow-data' is deleted, and the data in it.",
    ],
    [
      "a volume that is recreated",
      new PlanBuilder().resource("docker_volume.data", volume, { name: "other" }).build(),
      "Data is lost: the volume 'mlflow-data' is deleted and recreated, empty.",
    ],
    [
      "a volume that is gone",
      new PlanBuilder().drift("docker_volume.data", volume, null).resource("docker_volume.data", null, volume).build(),
      "Data is lost: the volume 'mlflow-data' is no longer on the engine: its data is not there, and an empty one would be created.",
    ],
    [
      "a bucket of another provider that goes",
      new PlanBuilder().resource("aws_s3_bucket.models", { bucket: "models" }, null).build(),
      "Data is lost: 'aws_s3_bucket.models ('models')' is deleted, and any data in it.",
    ],
  ])("is lost with %s, as the first line says", (_what, plan, line) => {
    expect(headline(plan)).toBe(line);
    expect(reviewPlan(plan, "mlflow").dataLoss).toBe(true);
  });

  test.each([
    "google_sql_database_instance",
    "google_alloydb_cluster",
    "azurerm_postgresql_flexible_server",
    "digitalocean_database_cluster",
    "scaleway_rdb_instance",
    "aws_rds_global_cluster",
    "aws_dynamodb_table",
    "aiven_pg",
    "neon_project",
    "kubernetes_persistent_volume_claim",
    "postgresql_schema",
    "docker_registry_image",
    "tls_private_key",
    "something_of_tomorrow",
  ])("may be lost with %s, of which nothing is known", (type) => {
    const plan = new PlanBuilder().resource(`${type}.it`, { name: "x" }, null).build();

    expect(reviewPlan(plan, "mlflow").dataLoss).toBe(true);
    expect(headline(plan)).toContain(`${type}.it`);
  });

  test("is lost with a volume whatever an output of the name 'volumes' says", () => {
    const outputs = [[], ["x"], { "docker_volume.other": "x" }, "x", {}];
    for (const value of outputs) {
      const plan = new PlanBuilder()
        .output("volumes", value, value)
        .resource("docker_volume.notebooks", { name: "mlflow-notebooks" }, null)
        .build();

      expect([value, reviewPlan(plan, "mlflow").dataLoss]).toEqual([value, true]);
    }
  });

  describe("in a volume that no plan can delete", () => {
    const record = (name: string) => ({ id: "a-b-c", input: { named_volume: name } });
    const mount = (name: string) => ourContainer("db", { volumes: [{ container_path: "/data", volume_name: name }] });

    test("stays when the stack moves to another volume, which is empty", () => {
      const plan = new PlanBuilder()
        .resource("terraform_data.data-17", record("mlflow-data-17"), null)
        .resource("terraform_data.data-18", null, record("mlflow-data-18"))
        .resource("docker_container.db", mount("mlflow-data-17"), mount("mlflow-data-18"))
        .build();

      expect(reviewPlan(plan, "mlflow").dataLoss).toBe(false);
      expect(text(plan)).toContain("the volume 'mlflow-data-18' is empty, unless one of this name exists");
      expect(text(plan)).toContain("hidden   'db' uses 'mlflow-data-18' instead of 'mlflow-data-17'");
      expect(headline(plan)).toContain("Kept, but no longer reachable: some data.");
      expect(text(plan)).not.toContain("terraform_data.");
    });

    test("stays when a docker_volume of an older release becomes a record of the same name", () => {
      const plan = new PlanBuilder()
        .resource("docker_volume.data", { name: "mlflow-data" }, null, { actions: ["forget"] })
        .resource("terraform_data.data", null, record("mlflow-data"))
        .resource("docker_container.db", mount("mlflow-data"), mount("mlflow-data"))
        .build();

      expect(reviewPlan(plan, "mlflow").data).toEqual([{ effect: "kept", text: [{ quoted: "mlflow-data" }] }]);
    });

    test("is taken over when the record was imported", () => {
      const imported = { id: "mlflow-data", input: null };
      const plan = new PlanBuilder().resource("terraform_data.data", imported, record("mlflow-data")).build();

      expect(text(plan)).toContain("the volume 'mlflow-data' is taken over, with what is in it");
    });
  });

  test("is not lost with a policy, or with a volume left on the engine", () => {
    const plan = new PlanBuilder()
      .resource("docker_volume.left", { name: "mlflow-left" }, null, { actions: ["forget"] })
      .resource("aws_s3_bucket_policy.models", { bucket: "models" }, null)
      .build();

    expect(reviewPlan(plan, "mlflow").dataLoss).toBe(false);
    expect(text(plan)).toContain("the volume 'mlflow-left' stays on the engine, outside of this stack");
  });

  test("that a service no longer uses is pointed out", () => {
    const mount = (source: string) => ({ volumes: [{ container_path: "/data", volume_name: source }] });

    expect(text(changed(mount("a"), mount("b")))).toContain(
      "hidden   'web' uses 'b' instead of 'a' at '/data': what is in the old one is not moved",
    );
  });

  test("that MLflow would keep elsewhere, or could no longer decrypt, is pointed out", () => {
    const plan = new PlanBuilder()
      .resource(
        "docker_container.server",
        ourContainer("server", { env: ["MLFLOW_ARTIFACTS_DESTINATION=s3://old"] }),
        ourContainer("server", { env: ["MLFLOW_ARTIFACTS_DESTINATION=s3://new"] }),
      )
      .resource("random_bytes.server_mlflow-webhook-secret-encryption-key_ED75", { length: 32 }, { length: 64 })
      .build();

    expect(text(plan)).toContain(
      "hidden   files and models: they stay in the store 's3://old', and MLflow uses the store 's3://new' instead",
    );
    expect(text(plan)).toContain(
      "secrets of webhooks, if there are any: MLflow has encrypted them with a key that is made anew, and cannot read them any more",
    );
  });
});
