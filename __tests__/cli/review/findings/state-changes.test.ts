import type { Plan } from "../../../../cli/terraform/json/plan-json";
import { reviewPlan } from "../../../../cli/review/findings/review-plan";
import { render } from "../../../../cli/review/render/render";
import { secretsOf } from "../../../../cli/review/secrets/secrets";
import { PlanBuilder, ourContainer } from "../../../support/plans/plan-builder";

const PORTS = { ports: [{ external: 8500, internal: 80, ip: "0.0.0.0", protocol: "tcp" }] };
const SECRET = "jK3sP9wQ2xZ7vB5n";

const shown = (plan: Plan, format: "text" | "markdown" | "json" = "text") =>
  render(reviewPlan(plan, "mlflow"), format, secretsOf(plan));
const headline = (plan: Plan) => shown(plan).split("\n")[0];

describe("A review tells what only the state shows:", () => {
  const web = ourContainer("web");

  test("a resource that moves", () => {
    const plan = new PlanBuilder()
      .resource("docker_container.new", web, web, { previous: "docker_container.old" })
      .build();

    expect(headline(plan)).toContain("In Terraform's state: 1 moved.");
    expect(shown(plan)).toContain("docker_container.new: moved in the state\n      from 'docker_container.old'");
  });

  test("a resource that is imported, also together with a change, and never by its id", () => {
    const password = { result: SECRET };
    const plan = new PlanBuilder()
      .resource("random_password.a", password, password, { importing: SECRET, sensitive: ["result"] })
      .resource("docker_container.web", web, ourContainer("web", { memory: 512, memory_swap: 512 }), {
        actions: ["update"],
        importing: "c1",
      })
      .build();

    expect(headline(plan)).toBe(
      "1 service changed while running. Users do not wait. In Terraform's state: 2 imported. Nothing opens or closes. This apply deletes no data.",
    );
    expect(shown(plan)).toContain("random_password.a: imported");
    expect(shown(plan)).toContain("docker_container.web: imported");
    for (const format of ["text", "markdown", "json"] as const) expect(shown(plan, format)).not.toContain(SECRET);
  });

  test("outputs that are created and deleted", () => {
    const output = { before_sensitive: false, after_sensitive: false };
    const plan = new PlanBuilder()
      .with({
        output_changes: {
          added: { ...output, actions: ["create"], before: null, after: "x" },
          gone: { ...output, actions: ["delete"], before: "x", after: null },
          same: { ...output, actions: ["no-op"], before: "x", after: "x" },
        },
      })
      .build();

    expect(shown(plan)).toContain("Other resources\n  output added: created\n  output gone: deleted");
    expect(shown(plan)).not.toContain("same");
  });

  test("a refresh, which creates nothing and repairs nothing", () => {
    const volume = { name: "mlflow-data" };
    const plan = new PlanBuilder()
      .drift("docker_volume.data", volume, null)
      .drift("docker_container.web", web, ourContainer("web", { memory: 512, memory_swap: 512 }))
      .with({ applyable: true })
      .build();

    expect(headline(plan)).toBe(
      "Data is lost: the volume 'mlflow-data' is no longer on the engine: its data is not there.",
    );
    expect(shown(plan)).toContain("the container 'web' was changed by hand: the apply takes it into the state");
    expect(headline(new PlanBuilder().drift("docker_container.web", web, web).with({ applyable: true }).build())).toBe(
      "No service changes: Terraform's state takes over what was changed by hand.",
    );
  });
});

describe("A service that leaves the stack without being stopped", () => {
  const plan = new PlanBuilder()
    .resource("docker_container.web", ourContainer("web", PORTS), null, { actions: ["forget"] })
    .build();

  test("is told in the headline, with its ports, and closes nothing", () => {
    expect(headline(plan)).toBe(
      "1 service no longer managed. Users do not wait. Nothing opens or closes. This apply deletes no data.",
    );
    expect(shown(plan)).toContain("  web stays on the engine, and leaves the stack");
    expect(shown(plan)).toContain("is left as it is, and its ports stay open: '0.0.0.0:8500'");
    expect(shown(plan)).not.toMatch(/closes {2}|stop 'web'/);
  });

  test("is told in all formats", () => {
    expect(shown(plan, "markdown")).toContain("`web` stays on the engine, and leaves the stack");
    expect(JSON.parse(shown(plan, "json"))).toMatchObject({ services: [{ name: "web", verdict: "left" }] });
  });
});

test("A replacement that keeps the old object tells both, for a container and for a volume", () => {
  const plan = new PlanBuilder()
    .resource("docker_volume.data", { name: "old-data" }, { name: "new-data" }, { actions: ["create", "forget"] })
    .resource("docker_container.web", ourContainer("web", PORTS), ourContainer("web2"), {
      actions: ["forget", "create"],
    })
    .build();

  expect(shown(plan)).toContain("hidden   the volume 'old-data' stays on the engine, outside of this stack");
  expect(shown(plan)).toContain("new      the volume 'new-data' is empty");
  expect(shown(plan)).toContain("  web2 is new");
  expect(shown(plan)).toContain("the container 'web' that is there is left as it is");
});

test("A deposed volume is lost, and not kept under the same name", () => {
  const volume = { name: "data" };
  const plan = new PlanBuilder()
    .resource("docker_volume.data", volume, volume)
    .resource("docker_volume.data", volume, null, { deposed: "a1b2c3d4" })
    .build();

  expect(shown(plan)).toContain("LOST     the volume 'data' is deleted");
  expect(shown(plan)).not.toContain("kept ");
});

describe("An action of a provider", () => {
  const action = {
    address: "action.docker_exec.wipe",
    type: "docker_exec",
    config_values: { container: "mlflow-postgres", command: ["rm", "-rf", "/var/lib/postgresql"], password: SECRET },
    config_sensitive: { password: true },
    config_unknown: {},
  };
  const plan = new PlanBuilder().with({ applyable: true, action_invocations: [action] }).build();

  test("is told with its settings, and no word says that nothing opens or is lost", () => {
    expect(headline(plan)).toBe(
      "'action.docker_exec.wipe' is invoked: this review does not know what that does to data. No service changes. " +
        "1 action of a provider invoked. 1 change was not checked: 'action.docker_exec.wipe'.",
    );
    expect(shown(plan)).toContain("look     'action.docker_exec.wipe' is invoked");
    expect(shown(plan)).toContain("      command: (not set) → rm -rf /var/lib/postgresql");
    expect(JSON.parse(shown(plan, "json"))).toMatchObject({ others: [{ address: action.address, action: "invoked" }] });
  });

  test("shows no secret setting", () => {
    for (const format of ["text", "markdown", "json"] as const) expect(shown(plan, format)).not.toContain(SECRET);
    const unmarked = new PlanBuilder()
      .with({ action_invocations: [{ address: "action.a.b", type: "a", config_values: { x: SECRET } }] })
      .build();
    expect(shown(unmarked)).not.toContain(SECRET);
  });
});

describe("A check of the app that fails", () => {
  const checks = [
    {
      address: { to_display: "check.up" },
      status: "fail",
      instances: [{ status: "fail", problems: [{ message: `MLflow does not answer to ${SECRET}.` }] }],
    },
  ];
  const builder = () => new PlanBuilder().variable("password", SECRET, true).with({ checks });

  test("is told even if nothing changes, without secrets", () => {
    expect(shown(builder().build())).toBe(
      [
        "Nothing changes. 1 check fails.",
        "",
        "Compared with what is deployed of the stack 'mlflow', at a time that the plan does not say.",
        "",
        "Checks",
        "  'check.up' fails: 'MLflow does not answer to (secret).'",
        "",
        "Notes",
        "  1 place would have shown a secret, which the plan holds in clear where nothing marks it; it is replaced by (secret).",
      ].join("\n"),
    );
  });

  test("is told in all formats", () => {
    expect(shown(builder().build(), "markdown")).toContain(
      "#### Checks\n\n- `check.up` fails: `MLflow does not answer",
    );
    expect(JSON.parse(shown(builder().build(), "json"))).toMatchObject({
      checks: [expect.stringContaining("check.up")],
    });
  });
});

test("A part of the plan that a later Terraform has added is named", () => {
  const plan = new PlanBuilder().with({ applyable: true, later_things: [1] } as Partial<Plan>).build();

  expect(shown(plan)).toContain("Terraform says that an apply does something, and this review does not know what.");
  expect(shown(plan)).toContain("does not read these parts of the plan, of a later Terraform: 'later_things'.");
});
