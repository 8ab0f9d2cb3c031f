import { renderMermaid } from "../../../../cli/review/render/render-mermaid";
import { render } from "../../../../cli/review/render/render";
import { reviewPlan } from "../../../../cli/review/findings/review-plan";
import type { Values } from "../../../../cli/terraform/json/plan-json";
import { PlanBuilder, ourContainer, ourJob } from "../../../support/plans/plan-builder";

const port = (external: number, ip = "127.0.0.1") => ({ ports: [{ external, internal: 80, ip, protocol: "tcp" }] });

function review(before: Values | null, after: Values | null) {
  return reviewPlan(
    new PlanBuilder()
      .resource("docker_container.web", before && ourContainer("web", before), after && ourContainer("web", after))
      .resource("docker_container.other", ourContainer("other", port(1)), ourContainer("other", port(1)))
      .build(),
    "mlflow",
  );
}

describe("The picture of what changes", () => {
  test("has ports before and after, and networks that stay, of the changed container only", () => {
    expect(review(port(80), port(81, "0.0.0.0")).picture?.lines).toEqual([
      { kind: "port", container: "web", to: "127.0.0.1:80", state: "removed" },
      { kind: "network", container: "web", to: "bridge", state: "same" },
      { kind: "port", container: "web", to: "0.0.0.0:81", state: "new" },
    ]);
  });

  test("has the hosts that an egress proxy connects to", () => {
    const hosts = (list: string) => ({ env: [`EGRESS_HOSTS=${list}`] });
    const stores = { env: ["EGRESS_TLS_STORES=s3.example.com:443", "EGRESS_TCP_STORES=db.example.com:5432"] };

    expect(review(null, stores).picture?.lines.flatMap(({ kind, to }) => (kind === "egress" ? [to] : []))).toEqual([
      "db.example.com:5432",
      "s3.example.com:443",
    ]);

    expect(
      review(hosts("a.example.com:443"), hosts("a.example.com:443 b.example.com:443")).picture?.lines,
    ).toContainEqual({
      kind: "egress",
      container: "web",
      to: "b.example.com:443",
      state: "new",
    });
  });

  test("has a job of the library only if its connections to outside change, and any other job", () => {
    const networks = (name: string, isInternal: boolean) =>
      new PlanBuilder().resource(
        `docker_network.${name}`,
        { id: name, name, internal: isInternal },
        { id: name, name, internal: isInternal },
      );
    const job = (...names: string[]) => ourJob("job", { networks_advanced: names.map((name) => ({ name })) });
    const linesOf = (plan: PlanBuilder) => reviewPlan(plan.build(), "mlflow").picture?.lines;

    expect(
      linesOf(networks("out", false).resource("docker_container.job", job("in"), job("in", "out"))),
    ).toContainEqual({ kind: "network", container: "job", to: "out", state: "new" });
    expect(linesOf(networks("in", true).resource("docker_container.job", null, job("in")))).toBeUndefined();
    const foreign = { ...job("in"), labels: [], security_opts: [], capabilities: [] };
    expect(linesOf(networks("in", true).resource("docker_container.job", null, foreign))).toEqual([
      { kind: "internal network", container: "job", to: "in", state: "new" },
    ]);
  });

  test("is left out if no connection changes, and if too many do", () => {
    const ports = Array.from({ length: 60 }, (_, index) => ({
      external: index + 1,
      internal: 80,
      ip: "",
      protocol: "tcp",
    }));

    expect(review({ memory: 64 }, { memory: 65 }).picture).toBeUndefined();
    expect(review(null, { ports }).picture).toBeUndefined();
    expect(render(review({ memory: 64 }, { memory: 65 }), "markdown", [])).not.toContain("mermaid");
  });

  test("is drawn by GitHub, whatever names say", () => {
    const hostile = 'a"]; click n0 href "javascript:alert(1)"\n```\n@octocat <img src=x> %%{init: {}}%%';
    const drawn = renderMermaid({ lines: [{ kind: "port", container: hostile, to: "0.0.0.0:81", state: "new" }] });

    expect(drawn.split("\n")).toEqual([
      "```mermaid",
      "flowchart LR",
      expect.stringMatching(/^ {2}n0\["[A-Za-z0-9 .:_/#;-]+"\]$/),
      '  n1(["port 0.0.0.0:81"])',
      "  n1 -->|new| n0",
      expect.stringMatching(/^ {2}linkStyle 0 /),
      "```",
    ]);
  });
});
