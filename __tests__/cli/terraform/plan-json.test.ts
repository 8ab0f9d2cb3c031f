import { describeChanges, isEmpty, summarize } from "../../../cli/terraform/plan-json";
import type { Plan } from "../../../cli/terraform/plan-json";

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
