import type { Plan } from "../../../../cli/terraform/json/plan-json";
import { PlanBuilder } from "../../../support/plans/plan-builder";
import { text } from "../../../support/plans/reviewed";

const PASSWORD = "jK3sP9wQ2xZ7vB5n";

describe("A resource of another library", () => {
  test("is shown or hidden as a whole, by the marks of its schema", () => {
    const plan = new PlanBuilder()
      .resource(
        "docker_container.app",
        { name: "app", env: ["A=1", `B=${PASSWORD}`], command: ["x"] },
        { name: "app", env: ["A=2", `B=${PASSWORD}`], command: ["y"] },
        { sensitive: ["env"] },
      )
      .resource(
        "aws_db_instance.db",
        { size: 1, password: PASSWORD },
        { size: 2, password: `${PASSWORD}2` },
        {
          actions: ["update"],
          sensitive: ["password"],
        },
      )
      .build();

    expect(text(plan)).toContain("  app (not of cdktf-mlflow) is replaced by a new container");
    expect(text(plan)).toContain("environment variables change; some are secret, so none is shown");
    expect(text(plan)).toContain("      command: x → y\n");
    expect(text(plan)).toContain("      size: 1 → 2");
    expect(text(plan)).toContain("      password: (sensitive) → (sensitive)");
    expect(text(plan)).not.toContain(PASSWORD);
  });

  test("is hidden if the plan has no marks", () => {
    const plan: Plan = {
      format_version: "0.1",
      resource_changes: [
        {
          address: "docker_container.app",
          type: "docker_container",
          change: {
            actions: ["delete", "create"],
            before: { name: "app", env: ["A=1"] },
            after: { name: "app", env: ["A=2"] },
          },
        },
      ],
    };

    expect(text(plan)).toContain("'docker_container.app'");
    expect(text(plan)).not.toContain("A=");
    expect(text(plan)).toContain("The plan does not say what is sensitive (an older format), so no setting is shown.");
  });
});
