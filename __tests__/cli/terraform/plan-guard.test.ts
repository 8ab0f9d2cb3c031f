import { guardPlan, guardRemoval } from "../../../cli/terraform/plan-guard";
import type { EngineLookup } from "../../../cli/terraform/plan-guard";
import type { Plan, ResourceChange } from "../../../cli/terraform/plan-json";

const IN_FOLDER = "terraform -chdir=cdktf.out/stacks/mlflow";
const EMPTY_ENGINE: EngineLookup = { volume: async () => undefined, container: async () => undefined };

function change(address: string, actions: string[], name: string): ResourceChange {
  const values = { name };
  return {
    address,
    type: address.split(".")[0] ?? "",
    change: {
      actions,
      before: actions.includes("delete") ? values : null,
      after: actions.includes("create") ? values : null,
    },
  };
}

async function guard(plan: Plan, engine: Partial<EngineLookup> = {}) {
  return guardPlan(plan, { ...EMPTY_ENGINE, ...engine }, IN_FOLDER);
}

describe("guardPlan", () => {
  test("lets a first deployment and a changed container pass", async () => {
    const changes = [
      change("docker_volume.data", ["create"], "mlflow-data"),
      change("docker_container.new", ["create"], "mlflow-new"),
      change("docker_container.server", ["delete", "create"], "mlflow-server"),
      change("docker_volume.kept", ["no-op"], "mlflow-kept"),
    ];

    await expect(guard({ resource_changes: changes })).resolves.toBeUndefined();
  });

  test.each([[["delete"]], [["delete", "create"]], [["create", "delete"]]])(
    "refuses %j of a volume, with status 2 and a way to keep it",
    async (actions) => {
      const plan = { resource_changes: [change("docker_volume.postgres_data-18", actions, "mlflow-postgres")] };

      await expect(guard(plan)).rejects.toMatchObject({
        message: "this would delete the volume 'mlflow-postgres' and the data in it; nothing was changed",
        remedy: expect.stringContaining(`${IN_FOLDER} state rm docker_volume.postgres_data-18`) as string,
        exitCode: 2,
      });
    },
  );

  test("allows the removal of a volume on request, and no other problem with it", async () => {
    const removed = { resource_changes: [change("docker_volume.data", ["delete"], "mlflow-data")] };
    const lost = { resource_drift: removed.resource_changes };
    const taken = { resource_changes: [change("docker_volume.data", ["create"], "mlflow-data")] };
    const engine = { ...EMPTY_ENGINE, volume: async () => ({ description: "made today" }) };

    await expect(guardPlan(removed, EMPTY_ENGINE, IN_FOLDER, true)).resolves.toBeUndefined();
    await expect(guardPlan(lost, EMPTY_ENGINE, IN_FOLDER, true)).rejects.toThrow("no longer on the engine");
    await expect(guardPlan(taken, engine, IN_FOLDER, true)).rejects.toThrow("exists on the engine (made today)");
  });

  test("allows the removal of a volume that holds no data by the stack's output", async () => {
    const plan = {
      resource_changes: [change("docker_volume.gateway_data", ["delete"], "mlflow-gateway-data")],
      output_changes: { volumes: { actions: ["no-op"], before: { "docker_volume.postgres": "mlflow-postgres" } } },
    };

    await expect(guard(plan)).resolves.toBeUndefined();
  });

  test("refuses a new volume whose name is taken on the engine, because the provider would adopt it", async () => {
    const plan = { resource_changes: [change("docker_volume.data", ["create"], "mlflow-data")] };
    const volume = async () => ({ description: "made yesterday, used by no container" });

    await expect(guard(plan, { volume })).rejects.toMatchObject({
      message:
        "the volume 'mlflow-data' exists on the engine (made yesterday, used by no container), but not in the state of this stack; nothing was changed",
      remedy: expect.stringContaining(`${IN_FOLDER} import docker_volume.data mlflow-data`) as string,
      exitCode: 2,
    });
  });

  test("refuses to recreate a volume that is in the state and missing on the engine", async () => {
    const plan = {
      resource_drift: [change("docker_volume.data", ["delete"], "mlflow-data")],
      resource_changes: [change("docker_volume.data", ["create"], "mlflow-data")],
    };

    await expect(guard(plan)).rejects.toMatchObject({
      message:
        "the volume 'mlflow-data' is in the state but no longer on the engine: its data is not there; nothing was changed",
      exitCode: 2,
    });
  });

  test("names the owner of a container whose name is taken, and reports no loss of data", async () => {
    const plan = { resource_changes: [change("docker_container.server", ["create"], "mlflow-server")] };
    const container = async () => ({ description: "running" });

    await expect(guard(plan, { container })).rejects.toMatchObject({
      message: "the container 'mlflow-server' exists on the engine (running), but not in the state of this stack",
      exitCode: 1,
    });
  });

  test("quotes an address that a shell would split", async () => {
    const plan = { resource_changes: [change('docker_volume.data["a"]', ["delete"], "a")] };

    await expect(guard(plan)).rejects.toMatchObject({
      remedy: expect.stringContaining(`state rm 'docker_volume.data["a"]'`) as string,
    });
  });
});

describe("guardRemoval", () => {
  test("allows the removal of containers and networks", () => {
    const changes = [
      change("docker_container.server", ["delete"], "mlflow-server"),
      change("docker_network.edge", ["delete"], "mlflow-edge"),
    ];

    expect(() => guardRemoval({ resource_changes: changes })).not.toThrow();
  });

  test.each(["docker_volume.data", "random_password.login"])("refuses to touch %s", (address) => {
    expect(() => guardRemoval({ resource_changes: [change(address, ["delete"], "x")] })).toThrow(
      `taking the services down would also change ${address}; nothing was changed`,
    );
  });
});
