import Ajv from "ajv";
import { reviewPlan } from "../../../../cli/review/findings/review-plan";
import { render } from "../../../../cli/review/render/render";
import type { Plan } from "../../../../cli/terraform/json/plan-json";
import schema from "../../../../docs/review.schema.json";
import { PlanBuilder, ourContainer, ourJob, upload } from "../../../support/plans/plan-builder";

/** The schema without room for fields that it does not name. */
function strict(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(strict);
  if (typeof part !== "object" || part === null) return part;
  const members = Object.fromEntries(Object.entries(part).map(([name, member]) => [name, strict(member)]));
  return "properties" in members && members.type === "object" ? { ...members, additionalProperties: false } : members;
}

const web = ourContainer("web");
const PLANS: { [what: string]: Plan } = {
  nothing: new PlanBuilder().build(),
  everything: new PlanBuilder()
    .resource(
      "docker_image.i",
      { name: "a:1", image_id: "sha256:1111" },
      { name: "a:2" },
      { unknown: { image_id: true } },
    )
    .resource(
      "docker_container.web",
      ourContainer("web", { upload: [upload("/a", "one")] }),
      ourContainer("web", {
        image: undefined,
        pid_mode: "host",
        env: ["A=1"],
        memory: 8,
        memory_swap: 8,
        upload: [upload("/a", "two")],
      }),
      { unknown: { image: true }, references: { image: ["docker_image.i.image_id"] } },
    )
    .resource("docker_container.new", null, { name: "new", image: "x" })
    .resource("docker_container.job", null, ourJob("job"))
    .resource("docker_container.gone", web, null)
    .resource("docker_container.left", web, null, { actions: ["forget"] })
    .resource("docker_volume.data", { name: "data" }, null)
    .resource("aws_thing.x", null, { a: "b" })
    .output("mine", "a", "b")
    .drift("docker_container.web", web, ourContainer("web", { memory: 1 }))
    .with({ complete: false, action_invocations: [{ address: "action.x.y", type: "x" }] })
    .build(),
};

describe("The published schema of the review as JSON", () => {
  const validate = new Ajv().compile(strict(schema) as object);

  test.each(Object.entries(PLANS))("describes every field of a review of %s", (_what, plan) => {
    const document: unknown = JSON.parse(render(reviewPlan(plan, "mlflow"), "json", []));
    validate(document);

    expect(validate.errors).toBeNull();
  });

  test("names no version and no verdict that a review does not have", () => {
    const { version, ...others } = JSON.parse(render(reviewPlan(PLANS.everything ?? {}, "t"), "json", [])) as {
      [name: string]: unknown;
    };

    expect(version).toBe(schema.properties.version.const);
    expect(Object.keys(others).sort()).toEqual(
      Object.keys(schema.properties)
        .filter((name) => name !== "version")
        .sort(),
    );
  });
});
