import { PlanBuilder, ourContainer } from "../../../support/plans/plan-builder";
import { COMPARED, headline, text } from "../../../support/plans/reviewed";

describe("Drift", () => {
  test("is reported even if nothing else changes", () => {
    const web = ourContainer("web");
    const plan = new PlanBuilder()
      .resource("docker_container.web", web, web)
      .drift("docker_container.web", web, ourContainer("web", { memory: 512, memory_swap: 512 }))
      .build();

    expect(text(plan)).toBe(
      [
        "Nothing changes, but something was changed by hand.",
        "",
        COMPARED,
        "",
        "Changed by hand",
        "  the container 'web' was changed by hand: the apply leaves it so",
        "      memory: 256 MiB → 512 MiB",
      ].join("\n"),
    );
  });

  test("leaves out attributes that differ after every start of the engine", () => {
    const web = ourContainer("web", { network_data: [{ ip_address: "172.18.0.2" }], dns: null });
    const plan = new PlanBuilder()
      .resource("docker_container.web", web, web)
      .drift("docker_container.web", web, { ...web, network_data: [{ ip_address: "172.18.0.9" }], dns: [] })
      .build();

    expect(text(plan)).toBe(`Nothing changes.\n\n${COMPARED}`);
  });

  test("says that a container has stopped, and does not report its ports as opened", () => {
    const ports = [{ external: 80, internal: 80, ip: "0.0.0.0", protocol: "tcp" }];
    const stopped = ourContainer("web", { must_run: false });
    const plan = new PlanBuilder()
      .resource("docker_container.web", stopped, ourContainer("web", { ports }))
      .drift("docker_container.web", ourContainer("web", { ports }), stopped)
      .build();

    expect(text(plan)).toContain("the container 'web' has stopped: the apply puts it right");
    expect(headline(plan)).toContain("Nothing opens or closes.");
  });
});
