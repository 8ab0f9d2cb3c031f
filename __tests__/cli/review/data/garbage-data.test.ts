import { reviewPlan } from "../../../../cli/review/findings/review-plan";
import { render } from "../../../../cli/review/render/render";
import { secretsOf } from "../../../../cli/review/secrets/secrets";
import type { Plan, Values } from "../../../../cli/terraform/json/plan-json";
import { PlanBuilder, ourContainer } from "../../../support/plans/plan-builder";

/** The service that deletes garbage, as a state has it. */
function garbage(settings: { [name: string]: string } = {}, more: Values = {}): Values {
  const all = { GC_SCHEDULE: "30 3 * * *", GC_OLDER_THAN_SECONDS: "2592000", ...settings };
  return ourContainer("mlflow-server-gc", {
    labels: [{ label: "cdktf-mlflow.role", value: "garbage" }],
    env: Object.entries(all).map(([name, value]) => `${name}=${value}`),
    ...more,
  });
}

const plan = (before: Values | null, after: Values | null) =>
  new PlanBuilder().resource("docker_container.gc", before, after, { sensitive: ["upload"] }).build();
const shown = (of: Plan) => render(reviewPlan(of, "mlflow"), "text", secretsOf(of));

test.each<[string, Values | null, Values, string]>([
  [
    "begins",
    null,
    garbage(),
    "what users of MLflow have deleted more than '30 d' ago, and files that nobody owns, are deleted for good by the schedule '30 3 * * *', in UTC",
  ],
  [
    "comes earlier",
    garbage(),
    garbage({ GC_OLDER_THAN_SECONDS: "604800" }),
    "what users of MLflow have deleted is deleted for good after '7 d' instead of '30 d'",
  ],
  [
    "comes at other times",
    garbage(),
    garbage({ GC_SCHEDULE: "0 * * * *" }),
    "what users of MLflow have deleted is deleted for good by the schedule '0 * * * *' instead of '30 3 * * *', in UTC",
  ],
])("A review says, under data, that the deletion for good %s", (_what, before, after, finding) => {
  const text = shown(plan(before, after));

  expect(text).toContain(`look     ${finding}`);
  expect(text).not.toContain("deletes no data");
});

test.each<[string, Values | null, Values | null]>([
  ["ends", garbage(), null],
  ["comes later", garbage(), garbage({ GC_OLDER_THAN_SECONDS: "5184000" })],
  ["gets more memory", garbage(), garbage({}, { memory: 512, memory_swap: 512 })],
  ["stays as it is", garbage(), garbage()],
])("A review has nothing to say of data if the deletion for good %s", (_what, before, after) => {
  expect(reviewPlan(plan(before, after), "mlflow").data).toEqual([]);
});
