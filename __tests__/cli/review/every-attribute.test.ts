import { reviewPlan } from "../../../cli/review/findings/review-plan";
import type { Plan, Values } from "../../../cli/terraform/json/plan-json";
import { PlanBuilder, ourContainer } from "../../support/plans/plan-builder";
import schema from "../../support/plans/docker-provider.json";
import { plain } from "../../support/plans/reviewed";

type Type = string | [string, Type] | ["set" | "list" | "single", { [name: string]: Type }];

const RESOURCES = schema.resources as unknown as { [type: string]: { [name: string]: Type } };
const CALM = /Nothing opens|deletes no data|Nothing changes/;

/** Attributes whose change alone means nothing to anybody, with the reason. Everything else is told. */
const SILENT: { [type: string]: { [attribute: string]: string } } = {
  docker_container: {
    id: "the engine computes it",
    bridge: "the engine computes it",
    exit_code: "the engine computes it",
    container_logs: "the engine computes it",
    network_data: "the engine computes it; a network attached by hand is drift",
    attach: "the provider reads it while it makes the container",
    logs: "the provider reads it while it makes the container",
    rm: "the provider reads it while it makes the container",
    remove_volumes: "only volumes without a name, which hold no data of the stack",
    container_read_refresh_timeout_milliseconds: "the provider's patience",
    timeouts: "the provider's patience",
    wait_timeout: "the provider's patience; the downtime counts it",
    name: "the verdict on the service names it",
  },
  docker_image: {
    id: "the engine computes it",
    image_id: "the engine computes it; the container that changes with it is judged",
    repo_digest: "the engine computes it",
    name: "the container that changes with it is judged",
    keep_locally: "an image that stays on the engine",
    force_remove: "how an unused image goes",
    pull_triggers: "when an image is got again",
    triggers: "when an image is got again",
    timeouts: "the provider's patience",
  },
  docker_network: {
    id: "the engine computes it",
    scope: "the engine computes it",
    name: "the containers on it are recreated, and judged",
    labels: "nobody reads them",
    internal: "the containers on it are recreated, and judged",
  },
  docker_volume: {
    id: "the engine computes it",
    mountpoint: "the engine computes it",
    labels: "nobody reads them",
    name: "a volume with another name is recreated: a loss of data",
  },
};

/** Two values of a type that mean different things. */
function values(type: Type): [unknown, unknown] {
  if (type === "bool") return [false, true];
  if (type === "number") return [1, 2];
  if (typeof type === "string") return ["one", "two"];
  const [kind, of] = type;
  if (kind === "map") return [{ key: "one" }, { key: "two" }];
  if (typeof of !== "object" || Array.isArray(of)) {
    const [old, now] = values(of);
    return [[old], [now]];
  }
  const both = Object.entries(of).map(([name, inner]) => [name, values(inner)] as const);
  const sides = [0, 1].map((side) => Object.fromEntries(both.map(([name, pair]) => [name, pair[side]])));
  return kind === "single" ? [sides[0], sides[1]] : [[sides[0]], [sides[1]]];
}

/** Each attribute as a whole, and each part of a block alone. */
function changes(name: string, type: Type): { what: string; before: unknown; after: unknown }[] {
  const [before, after] = values(type);
  const whole = [{ what: name, before, after }];
  const inner = Array.isArray(type) && typeof type[1] === "object" && !Array.isArray(type[1]) ? type[1] : undefined;
  if (!inner || type[0] === "single" || !Array.isArray(before)) return whole;
  const [block] = before as [Values];
  const parts = Object.entries(inner).map(([part, partType]) => ({
    what: `${name}.${part}`,
    before,
    after: [{ ...block, [part]: values(partType)[1] }],
  }));
  return [...whole, ...parts];
}

function planOf(type: string, name: string, before: unknown, after: unknown): Plan {
  const base = type === "docker_container" ? ourContainer("web") : { id: "x", name: "x" };
  const sides = [before, after].map((value) => ({ ...base, [name]: value }));
  return new PlanBuilder().resource(`${type}.web`, sides[0] ?? null, sides[1] ?? null).build();
}

const ROWS = Object.entries(RESOURCES).flatMap(([type, attributes]) =>
  Object.entries(attributes).flatMap(([name, attributeType]) =>
    changes(name, attributeType).map((change) => ({ type, name, ...change })),
  ),
);

describe(`A change of each attribute that ${schema.provider} has`, () => {
  test("is judged by name, or the headline says that a person must read it", () => {
    const silent = ROWS.filter(({ type, name }) => SILENT[type]?.[name] === undefined).flatMap(
      ({ type, name, what, before, after }) => {
        // What makes a service stronger may go without a word.
        const both = [planOf(type, name, before, after), planOf(type, name, after, before)].map((plan) =>
          reviewPlan(plan, "t"),
        );
        const told = both.flatMap(({ access, effects, unread, data }) => [
          ...[access, effects, unread].flat(),
          ...data.filter(({ effect }) => /lost|changed|unreachable|warning/.test(effect)),
        ]);
        const calm = both.filter(({ headline, unread }) => unread.length > 0 && CALM.test(plain(headline)));
        return told.length === 0 || calm.length > 0 ? [`${type} ${what}`] : [];
      },
    );

    expect(ROWS.length).toBeGreaterThan(200);
    expect(silent).toEqual([]);
  });

  test("is left out of these for attributes that the provider has", () => {
    const unknown = Object.entries(SILENT).flatMap(([type, names]) =>
      Object.keys(names).filter((name) => RESOURCES[type]?.[name] === undefined),
    );

    expect(unknown).toEqual([]);
  });

  test("is judged or must be read in a container of another library, too", () => {
    const calm = ROWS.filter(
      ({ type, name }) => type === "docker_container" && SILENT[type]?.[name] === undefined,
    ).filter(({ name, before, after }) => {
      const [old, now] = [before, after].map((value) => ({ name: "x", image: "x", [name]: value }));
      const plan = new PlanBuilder().resource("docker_container.x", old ?? null, now ?? null).build();
      return CALM.test(plain(reviewPlan(plan, "t").headline));
    });

    expect(calm.map(({ what }) => what)).toEqual([]);
  });
});

test("A verb that this release does not know is refused", () => {
  const sides: [Values, Values] = [{ name: "a" }, { name: "b" }];
  const plan = new PlanBuilder().resource("docker_network.x", ...sides, { actions: ["obliterate"] }).build();

  expect(() => reviewPlan(plan, "t")).toThrow("does not tell this release what happens to docker_network.x");
});

describe("A resource, an action or a part of a plan that this release does not know", () => {
  const OTHERS = schema.types.filter((type) => RESOURCES[type] === undefined);
  const rows: [string, Plan][] = [
    ...[...OTHERS, "aws_s3_bucket_policy", "local_file", "null_resource"].flatMap((type): [string, Plan][] => [
      [`a new ${type}`, new PlanBuilder().resource(`${type}.x`, null, { a: "b" }).build()],
      [`a changed ${type}`, new PlanBuilder().resource(`${type}.x`, { a: "a" }, { a: "b" }).build()],
      [`a ${type} that goes`, new PlanBuilder().resource(`${type}.x`, { a: "a" }, null).build()],
    ]),
    [
      "an invoked action",
      { ...new PlanBuilder().build(), action_invocations: [{ address: "action.docker_exec.x" }] } as Plan,
    ],
    ["a change that waits", { ...new PlanBuilder().build(), deferred_changes: [{ reason: "x" }] } as Plan],
    ["an output", new PlanBuilder().output("mine", "a", "b").build()],
  ];

  test.each(rows)("is said to be unread: %s", (_what, plan) => {
    const { headline, unread } = reviewPlan(plan, "t");

    expect(unread.length).toBeGreaterThan(0);
    expect(plain(headline)).not.toMatch(CALM);
    // What is deleted and not known counts as data, and a loss comes before everything else.
    expect(plain(headline)).toMatch(/\d changes? (was|were) not checked: .+|^Data is lost: /);
  });
});
