import type { Plan, Values } from "../../../../cli/terraform/json/plan-json";
import { upload } from "../../../support/plans/plan-builder";
import { changed, review, role } from "../../../support/plans/reviewed";

function service(host: string): Values {
  return {
    ...role("server"),
    upload: [
      upload(
        "/run/secrets/pg_service.conf",
        `[mlflow]\nhost=${host}\nport=5432\ndbname=mlflow\npassword=hunter2-hunter2\n`,
      ),
    ],
  };
}

describe("A review tells", () => {
  test.each<[string, Plan, string]>([
    [
      "another host of the database",
      changed(service("mlflow-postgres"), service("db.example.com")),
      "they stay in the database mlflow at mlflow-postgres:5432, and MLflow uses the database mlflow at db.example.com:5432 instead",
    ],
    [
      "another store with a bucket of the same name",
      changed(
        { env: ["MLFLOW_ARTIFACTS_DESTINATION=s3://a", "MLFLOW_S3_ENDPOINT_URL=http://a"] },
        { env: ["MLFLOW_ARTIFACTS_DESTINATION=s3://a", "MLFLOW_S3_ENDPOINT_URL=http://b"] },
      ),
      "they stay in the store s3://a at http://a, and MLflow uses the store s3://a at http://b instead",
    ],
  ])("%s", (_what, plan, sentence) => {
    const { headline, said } = review(plan);

    expect(said).toContain(sentence);
    expect(said).not.toContain("hunter2");
    expect(headline).not.toMatch(/Nothing opens or closes\. This apply deletes no data/);
  });
});
