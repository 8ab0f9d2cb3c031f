import type { Plan } from "../../../../cli/terraform/json/plan-json";
import { PlanBuilder, ourContainer } from "../../../support/plans/plan-builder";
import { changed, review, role } from "../../../support/plans/reviewed";

describe("A review tells", () => {
  test.each<[string, Plan, string]>([
    ["less memory", changed({ memory: 512, memory_swap: 512 }, {}), "web gets less memory: 256 MiB instead of 512 MiB"],
    [
      "a database that no longer writes safely",
      changed({ ...role("database"), command: [] }, { ...role("database"), command: ["-c", "fsync=off"] }),
      "web no longer makes sure that data is on the disk (fsync=off)",
    ],
    [
      "a shorter time limit",
      changed({ env: ["PGOPTIONS=-c statement_timeout=5min"] }, { env: ["PGOPTIONS=-c statement_timeout=1s"] }),
      "a query of the database may take 1s instead of 5min: a longer one ends with an error",
    ],
    [
      "no time limit",
      changed({ env: ["PGOPTIONS=-c statement_timeout=5min"] }, { env: [] }),
      "a query of the database may take as long as it wants: until now, one that took longer than 5min ended with an error",
    ],
    [
      "a health check that does nothing",
      changed({ healthcheck: [{ test: ["CMD", "ready"] }] }, { healthcheck: [{ test: ["CMD", "true"] }] }),
      "the health check of web checks nothing any more",
    ],
    [
      "no health check",
      changed({ healthcheck: [{ test: ["CMD", "ready"] }] }, { healthcheck: [] }),
      "the health check of web checks nothing any more",
    ],
    ["a start that is not waited for", changed({}, { wait: false }), "the apply no longer waits until web works"],
  ])("%s", (_what, plan, sentence) => {
    const { headline, said } = review(plan);

    expect(said).toContain(sentence);
    expect(said).not.toContain("hunter2");
    expect(headline).not.toMatch(/Nothing opens or closes\. This apply deletes no data/);
  });

  test("what a health check does from the next replacement on, if the container stays", () => {
    const check = (...test: string[]) => ourContainer("web", { healthcheck: [{ test }] });
    const plan = new PlanBuilder()
      .resource("docker_container.web", check("CMD", "ready"), check("CMD", "true"), { actions: ["update"] })
      .build();
    const { headline, said, review: found } = review(plan);

    expect(said).toContain("from the next replacement of web on, its health check checks nothing any more");
    expect(headline).toMatch(/^From its next replacement on, nothing notices that web hangs/);
    expect(headline).not.toContain("deletes no data");
    expect(found.order).toEqual([]);
  });

  test.each([
    ["always", "If it ends, the engine still starts it again."],
    ["on-failure", "If it ends with an error, the engine still starts it again."],
    ["no", "If it ends, the engine does not start it again."],
  ])(
    "what happens to a container without a health check that ends, with the restart policy %s",
    (restart, sentence) => {
      const check = (...test: string[]) => ourContainer("web", { healthcheck: [{ test }], restart });
      const plan = new PlanBuilder()
        .resource("docker_container.web", check("CMD", "ready"), check("CMD", "true"))
        .build();

      expect(review(plan).headline).toContain(`its health check checks nothing. ${sentence}`);
    },
  );
});
