import { readFileSync } from "node:fs";
import { reviewPlan } from "../../../../cli/review/findings/review-plan";
import { render } from "../../../../cli/review/render/render";
import type { Plan } from "../../../../cli/terraform/json/plan-json";
import { packagePath } from "../../../../lib/values/package-folder";
import { PlanBuilder, ourContainer, upload } from "../../../support/plans/plan-builder";
import { plain } from "../../../support/plans/reviewed";

function alongside(plan: Plan): string[] {
  return reviewPlan(plan, "mlflow").alongside.map(plain);
}

function image(before: string, after: string): PlanBuilder {
  const builder = new PlanBuilder().resource(
    "docker_image.i",
    { name: before, image_id: "sha256:1" },
    { name: after },
    { unknown: { image_id: true } },
  );
  for (const name of ["server", "job"])
    builder.resource(
      `docker_container.${name}`,
      ourContainer(name, { image: "sha256:1" }),
      ourContainer(name, { image: undefined }),
      { unknown: { image: true }, references: { image: ["docker_image.i.image_id"] } },
    );
  return builder;
}

describe("What comes along with a change", () => {
  test("is an image of the same release from another source, once for all that use it", () => {
    expect(alongside(image("local/mlflow:3.17.2", "ghcr.io/mlflow/mlflow:3.17.2").build())).toEqual([
      "the image comes from another source, local/mlflow:3.17.2 → ghcr.io/mlflow/mlflow:3.17.2, for job, server",
    ]);
  });

  test("is no upgrade, which somebody has written", () => {
    expect(alongside(image("mlflow:3.17.2", "mlflow:3.18.0").build())).toEqual([]);
  });

  test("is another release of the library, whose files change", () => {
    const own = readFileSync(packagePath("caddy", "Caddyfile"), "utf8");
    const side = (content: string) => ourContainer("gateway", { upload: [upload("/etc/caddy/Caddyfile", content)] });
    const plan = new PlanBuilder().resource("docker_container.g", side("older"), side(own)).build();

    expect(alongside(plan)).toEqual([
      "cdktf-mlflow itself: the app has another release of it than at the last apply, with other files of its own in gateway",
    ]);
  });

  test("is what somebody has changed by hand", () => {
    const plan = new PlanBuilder()
      .resource("docker_container.a", ourContainer("a", { memory: 9 }), ourContainer("a"))
      .drift("docker_container.a", ourContainer("a"), ourContainer("a", { memory: 9 }))
      .build();

    expect(alongside(plan)).toEqual(["what somebody has changed by hand since the last apply, see “Changed by hand”"]);
  });
});

test("A review says with what the plan compares, of which stack, and when", () => {
  const plan = new PlanBuilder().with({ timestamp: "2026-11-30T05:49:07Z" }).build();

  expect(render(reviewPlan(plan, "research"), "text", [])).toBe(
    "Nothing changes.\n\nCompared with what is deployed of the stack 'research', as it was on 2026-11-30 at 05:49 UTC.",
  );
});
