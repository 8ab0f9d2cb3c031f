import { reviewPlan } from "../../../../cli/review/findings/review-plan";
import { PlanBuilder, ourContainer } from "../../../support/plans/plan-builder";
import { headline, text } from "../../../support/plans/reviewed";

describe("The downtime", () => {
  test("is the sum of the stop, the start, and the start of dependencies", () => {
    const times = (destroy: number, wait: number) => ({ destroy_grace_seconds: destroy, wait_timeout: wait });
    const plan = new PlanBuilder()
      .resource(
        "docker_container.db",
        ourContainer("db", times(90, 30)),
        ourContainer("db", { ...times(90, 30), env: ["A=1"] }),
      )
      .resource(
        "docker_container.web",
        ourContainer("web", times(10, 60)),
        ourContainer("web", { ...times(10, 60), env: ["A=1"] }),
        {
          dependsOn: ["docker_container.db"],
        },
      )
      .build();

    // web stops (10), db stops (90) and starts (30), web starts (60); 5 more for each, for the engine's own work.
    expect(headline(plan)).toContain(
      "2 services replaced. 'db', 'web' are down for 3 min 30 s at most unless a step fails.",
    );
    expect(reviewPlan(plan, "mlflow").order.map((step) => JSON.stringify(step))).toEqual([
      '["stop ",{"quoted":"web"}]',
      '["stop ",{"quoted":"db"}]',
      '["start ",{"quoted":"db"}]',
      '["start ",{"quoted":"web"}]',
    ]);
  });

  test("names the effect on users while the server or the gateway is down", () => {
    const gateway = { env: ["AUTH_METHOD=basic", "UPSTREAM=mlflow-server:5000", "UPSTREAM_WAIT=1m30s"] };
    const server = (value: string) => ourContainer("mlflow-server", { env: [`MLFLOW_X=${value}`] });
    const builder = () => new PlanBuilder().resource("docker_container.server", server("1"), server("2"));
    const same = ourContainer("mlflow-gateway", gateway);
    const other = ourContainer("mlflow-gateway", { ...gateway, command: ["x"] });

    expect(text(builder().resource("docker_container.gateway", same, same).build())).toContain(
      "'mlflow-server' is down for up to 1 min 20 s: requests wait at the gateway for up to 1 min 30 s, then fail.",
    );
    expect(text(builder().resource("docker_container.gateway", same, other).build())).toContain(
      "'mlflow-gateway' is the gateway: connections are refused for up to 1 min 20 s.",
    );
  });

  test("has the start of a container that has stopped, which is not made again", () => {
    const plan = new PlanBuilder()
      .resource("docker_container.web", ourContainer("web", { must_run: false }), ourContainer("web"), {
        actions: ["update"],
      })
      .build();

    // 60 for the health check, 5 for the engine's own work.
    expect(text(plan)).toContain("down for 1 min 5 s at most");
  });

  test("is found in a circle of dependencies too, and in a chain of thousands", () => {
    const builder = new PlanBuilder();
    for (let index = 0; index < 3000; index += 1) {
      builder.resource(
        `docker_container.c${index}`,
        ourContainer(`c${index}`),
        ourContainer(`c${index}`, { env: ["A=1"] }),
        {
          dependsOn: [`docker_container.c${(index + 1) % 3000}`],
        },
      );
    }

    expect(headline(builder.build())).toMatch(/^3,000 services replaced\./);
  });
});
