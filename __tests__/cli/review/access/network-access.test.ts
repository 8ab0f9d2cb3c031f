import type { Plan, Values } from "../../../../cli/terraform/json/plan-json";
import { PlanBuilder, ourContainer, ourJob, upload } from "../../../support/plans/plan-builder";
import { FOREIGN, review, role } from "../../../support/plans/reviewed";

/** The stack's internal network, with MLflow on it, and a container that joins it. */
function joining(values: Values | null): Plan {
  const network = { id: "in", name: "mlflow-internal", internal: true };
  const server = ourContainer("mlflow-server", { ...role("server"), networks_advanced: [{ name: "in" }] });
  return new PlanBuilder()
    .resource("docker_network.internal", network, network)
    .resource("docker_container.server", server, server)
    .resource("docker_container.other", null, values)
    .build();
}

describe("A review calls dangerous", () => {
  test.each<[string, Plan, string]>([
    [
      "a service that joins MLflow's network",
      joining({ ...FOREIGN, networks_advanced: [{ name: "in" }] }),
      "agent joins the network mlflow-internal, and reaches mlflow-server there without a login, past the gateway",
    ],
    [
      "a job that joins MLflow's network",
      joining(ourJob("job", { networks_advanced: [{ name: "in" }] })),
      "job joins the network mlflow-internal, and reaches mlflow-server",
    ],
  ])("%s", (_what, plan, sentence) => {
    const { headline, said } = review(plan);

    expect(said).toContain(`danger: ${sentence}`);
    expect(headline).toMatch(/\d access(es are| is) dangerous/);
  });

  test("what joins the network of services that ask for a password of their own, without calling them open", () => {
    const network = { id: "in", name: "mlflow-internal", internal: true };
    const on = (name: string, part: string, more: Values = {}) =>
      ourContainer(name, { ...role(part), networks_advanced: [{ name: "in" }], ...more });
    const asking = {
      command: ["server", "--app-name", "gateway-only"],
      upload: [upload("/run/secrets/gateway-key", "key-key-key")],
    };
    const services = [on("db", "database"), on("s3", "object-store"), on("web", "server", asking)];
    const job = ourJob("migration", { ...role("migration-job"), networks_advanced: [{ name: "in" }] });
    const builder = new PlanBuilder().resource("docker_network.internal", network, network);
    for (const one of [...services, job]) builder.resource(`docker_container.${String(one.name)}`, one, one);
    const plan = builder.resource("docker_container.agent", null, { ...FOREIGN, networks_advanced: [{ name: "in" }] });

    expect(review(plan.build()).said).toContain(
      "danger: agent joins the network mlflow-internal, and reaches db, s3, web there past the gateway: MLflow answers nobody without the gateway's key, the database still asks for its own password, and the store still asks for its own keys\n",
    );
  });

  describe("a network to which somebody attached a container by hand", () => {
    const on = (...networks: string[]) =>
      ourContainer("db", {
        networks_advanced: [{ name: "in" }],
        network_data: networks.map((network_name) => ({ network_name })),
      });

    test("in a plan that changes nothing", () => {
      const plan = new PlanBuilder()
        .resource("docker_container.db", on("in", "bridge"), on("in", "bridge"))
        .drift("docker_container.db", on("in"), on("in", "bridge"))
        .build();
      const { headline, said } = review(plan);

      expect(said).toContain("danger: somebody has attached db to the network bridge by hand");
      expect(headline).not.toContain("Nothing changes");
    });

    test("in a plan that replaces it: the apply closes what was open", () => {
      const plan = new PlanBuilder()
        .resource("docker_container.db", on("in", "bridge"), on(), { actions: ["delete", "create"] })
        .drift("docker_container.db", on("in"), on("in", "bridge"))
        .build();
      const { said } = review(plan);

      expect(said).toContain("closes: somebody has attached db to the network bridge by hand");
      expect(said).not.toContain("danger:");
    });

    test("but not the network of its own code, which the state of an interrupted apply does not have", () => {
      const plan = new PlanBuilder()
        .resource("docker_container.db", on("in"), on(), { actions: ["delete", "create"] })
        .drift("docker_container.db", on(), on("in"))
        .build();

      expect(review(plan).said).not.toContain("by hand: what is there");
    });
  });
});

describe("A review tells", () => {
  test.each<[string, Plan, string]>([
    [
      "a job with a way out",
      new PlanBuilder().resource("docker_container.j", null, ourJob("j")).build(),
      "opens: connections from j to any outside address",
    ],
  ])("%s", (_what, plan, sentence) => {
    const { headline, said } = review(plan);

    expect(said).toContain(sentence);
    expect(said).not.toContain("hunter2");
    expect(headline).not.toMatch(/Nothing opens or closes\. This apply deletes no data/);
  });
});
