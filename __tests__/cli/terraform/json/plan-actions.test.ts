import { describeChanges, describePlan, summarize } from "../../../../cli/terraform/json/describe-plan";
import { isEmpty } from "../../../../cli/terraform/json/plan-actions";
import { parsePlan } from "../../../../cli/terraform/json/parse-plan";
import type { Plan } from "../../../../cli/terraform/json/plan-json";

function plan(...changes: [address: string, actions: string[]][]): Plan {
  return {
    resource_changes: changes.map(([address, actions]) => ({
      address,
      type: address.split(".")[0] ?? "",
      change: { actions, before: null, after: null },
    })),
  };
}

describe("a plan", () => {
  test("is empty if resources are only read", () => {
    expect(isEmpty(plan(["docker_container.a", ["no-op"]], ["docker_image.b", ["read"]]))).toBe(true);
    expect(isEmpty({})).toBe(true);
  });

  test("is not empty when only an output changes", () => {
    expect(isEmpty({ output_changes: { url: { actions: ["update"] } } })).toBe(false);
    expect(summarize({ output_changes: { url: { actions: ["update"] } } })).toBe("outputs only");
  });

  test("is summed up by the number of each action, and lists only existing resources", () => {
    const changes = plan(
      ["docker_container.new", ["create"]],
      ["docker_container.newer", ["create"]],
      ["docker_container.server", ["delete", "create"]],
      ["docker_container.gateway", ["update"]],
      ["docker_network.old", ["delete"]],
    );

    expect(summarize(changes)).toBe("2 to create, 1 to update, 1 to replace, 1 to delete");
    expect(describeChanges(changes)).toEqual([
      "  replace docker_container.server",
      "  update docker_container.gateway",
      "  delete docker_network.old",
    ]);
  });
});

/** What Terraform 1.11.4 and 1.14 print of a change that only the state, or a provider's action, shows. */
const CHANGES: [what: string, plan: Partial<Plan>, told: string[]][] = [
  [
    "a move",
    { resource_changes: [unchanged("terraform_data.new", { previous_address: "terraform_data.old" })] },
    ["Stack 's': 1 to move.", "  move terraform_data.old to terraform_data.new"],
  ],
  [
    "an import",
    { resource_changes: [unchanged("random_password.taken", {}, { importing: { id: "hunter2-hunter2" } })] },
    ["Stack 's': 1 to import.", "  import random_password.taken"],
  ],
  [
    "an object that is forgotten",
    { resource_changes: [unchanged("docker_container.web", {}, { actions: ["forget"], after: null })] },
    ["Stack 's': 1 to forget.", "  forget docker_container.web"],
  ],
  [
    "an object that is forgotten beside a new one",
    { resource_changes: [unchanged("docker_container.web", {}, { actions: ["create", "forget"] })] },
    ["Stack 's': 1 to create, 1 to forget.", "  forget docker_container.web, beside which a new one is created"],
  ],
  [
    "an action",
    { action_invocations: [{ address: "action.docker_exec.wipe", type: "docker_exec" }] },
    ["Stack 's': 1 to invoke.", "  invoke action.docker_exec.wipe"],
  ],
  [
    "an output",
    { output_changes: { url: { actions: ["delete"], before: "x" } } },
    ["Stack 's': outputs only.", "  delete the output url"],
  ],
];

function unchanged(address: string, more: object, change: object = {}) {
  const type = address.split(".")[0] ?? "";
  const values = { name: "a" };
  return {
    address,
    type,
    mode: "managed",
    change: { actions: ["no-op"], before: values, after: values, ...change },
    ...more,
  };
}

describe("A plan whose only change is", () => {
  // Terraform before 1.8 and OpenTofu do not say `applyable`.
  test.each(
    CHANGES.flatMap(([what, part, told]) => [true, undefined].map((applyable) => ({ what, part, told, applyable }))),
  )("$what is not empty and told (applyable: $applyable)", ({ part, told, applyable }) => {
    const whole: Plan = { format_version: "1.2", ...part, ...(applyable !== undefined && { applyable }) };

    expect(isEmpty(whole)).toBe(false);
    expect(describePlan("s", whole).split("\n")).toEqual(told);
  });
});

describe("Terraform's own word", () => {
  test("that nothing is to be applied has priority", () => {
    expect(isEmpty({ applyable: false, output_changes: { url: { actions: ["update"] } } })).toBe(true);
  });

  test("that something is to be applied is passed on, even if it is not known here what", () => {
    expect(describePlan("s", { applyable: true })).toContain("this release does not know what");
    expect(describePlan("s", { ...plan(["data.a.b", ["read"]]), applyable: true, later: [1] } as Plan)).toContain(
      "this release does not know what",
    );
    expect(describePlan("s", { ...plan(["data.a.b", ["read"]]), applyable: true })).toBe("Nothing to change.");
  });

  test("of a plan that only refreshes is told as that", () => {
    const drift = [unchanged("docker_container.web", {}, { actions: ["update"] })];

    expect(describePlan("s", { applyable: true, resource_drift: drift })).toBe(
      "Stack 's': only the state, which takes over what is on the engine.",
    );
  });
});

describe("A plan with words that this release does not know", () => {
  const parse = (more: object) => () => parsePlan(JSON.stringify({ format_version: "1.9", ...more }), "p");

  test.each<[string, object, string]>([
    [
      "action",
      { resource_changes: [unchanged("docker_volume.data", {}, { actions: ["obliterate"] })] },
      "docker_volume.data",
    ],
    [
      "actions",
      { resource_changes: [unchanged("docker_volume.data", {}, { actions: ["update", "delete"] })] },
      "docker_volume.data",
    ],
    [
      "missing action",
      { resource_changes: [unchanged("docker_volume.data", {}, { actions: [] })] },
      "docker_volume.data",
    ],
    [
      "action in the drift",
      { resource_changes: [], resource_drift: [unchanged("a.b", {}, { actions: ["x"] })] },
      "a.b",
    ],
    [
      "action on an output",
      { resource_changes: [], output_changes: { url: { actions: ["publish"] } } },
      "the output 'url'",
    ],
    ["mode", { resource_changes: [unchanged("docker_volume.data", { mode: "virtual" })] }, "docker_volume.data"],
  ])("as an %s is refused", (_what, more, name) => {
    expect(parse(more)).toThrow(`the plan does not tell this release`);
    expect(parse(more)).toThrow(name);
  });

  test.each(["2.0", "10.0", "-1.0", "1", "1.x"])("as the format %s is refused", (version) => {
    expect(parse({ format_version: version, resource_changes: [] })).toThrow(
      `p has format ${version} of Terraform's plans`,
    );
  });
});

describe("The checks of an app", () => {
  const checks = (status: string, problems?: object[]) => [
    {
      address: { to_display: "check.up" },
      status,
      instances: [{ address: { to_display: "check.up" }, status, ...(problems && { problems }) }],
    },
  ];

  test("are told if they fail, also when nothing changes", () => {
    expect(describePlan("s", { checks: checks("fail", [{ message: "MLflow does not answer." }]) })).toBe(
      "Nothing to change.\nWarning: check.up fails: MLflow does not answer.",
    );
    expect(describePlan("s", { checks: checks("error") })).toContain("Warning: check.up fails.");
    expect(describePlan("s", { checks: checks("unheard-of") })).toContain("Warning: check.up fails.");
  });

  test("are not told if they pass, or are known only after the apply", () => {
    expect(describePlan("s", { checks: [...checks("pass"), ...checks("unknown")] })).toBe("Nothing to change.");
  });
});
