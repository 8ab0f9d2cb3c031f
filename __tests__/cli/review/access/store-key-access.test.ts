import type { Plan, Values } from "../../../../cli/terraform/json/plan-json";
import { upload } from "../../../support/plans/plan-builder";
import { changed, review } from "../../../support/plans/reviewed";

function policy(action: string): Values {
  const statement = { Effect: "Allow", Action: action, Resource: "arn:aws:s3:::mlflow/*" };
  return { upload: [upload("/etc/minio/policy.json", JSON.stringify({ Statement: [statement] }))] };
}

describe("A review calls dangerous", () => {
  test.each<[string, Plan, string]>([
    [
      "more rights of MLflow's key",
      changed(policy("s3:GetObject"), policy("s3:*")),
      "MLflow's key may do everything in the bucket mlflow of the store (s3:* on mlflow/*)",
    ],
  ])("%s", (_what, plan, sentence) => {
    const { headline, said } = review(plan);

    expect(said).toContain(`danger: ${sentence}`);
    expect(headline).toMatch(/\d access(es are| is) dangerous/);
  });
});
