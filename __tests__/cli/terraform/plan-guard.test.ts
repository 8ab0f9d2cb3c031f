import type { CommandError } from "../../../cli/console/command-error";
import { guardPlan, guardRemoval } from "../../../cli/terraform/plan-guard";
import type { EngineLookup } from "../../../cli/terraform/engine-lookup";
import type { Plan, ResourceChange } from "../../../cli/terraform/json/plan-json";

const IN_FOLDER = "terraform -chdir=cdktf.out/stacks/mlflow";
const nothing = async () => undefined;
const EMPTY_ENGINE: EngineLookup = {
  volume: nothing,
  container: nothing,
  network: nothing,
  anonymousVolumes: async () => [],
};

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

    await expect(guardPlan(removed, EMPTY_ENGINE, IN_FOLDER, { dataLoss: true })).resolves.toBeUndefined();
    await expect(guardPlan(lost, EMPTY_ENGINE, IN_FOLDER, { dataLoss: true })).rejects.toThrow(
      "no longer on the engine",
    );
    await expect(guardPlan(taken, engine, IN_FOLDER, { dataLoss: true })).rejects.toThrow(
      "exists on the engine (made today)",
    );
  });

  test("refuses the removal of a volume whatever an output of the name 'volumes' says", async () => {
    const plan = {
      resource_changes: [change("docker_volume.notebooks", ["delete"], "mlflow-notebooks")],
      output_changes: { volumes: { actions: ["no-op"], before: { "docker_volume.postgres": "mlflow-postgres" } } },
    };

    await expect(guard(plan)).rejects.toThrow("this would delete the volume 'mlflow-notebooks'");
  });

  test("refuses the removal of what it does not know, and no removal of what can be made anew", async () => {
    const unknown = { resource_changes: [change("neon_project.db", ["delete"], "db")] };
    const harmless = [
      "docker_container.a",
      "docker_network.a",
      "docker_image.a",
      "random_password.a",
      "terraform_data.a",
      "aws_s3_bucket_policy.a",
    ].map((address) => change(address, ["delete"], "a"));

    await expect(guard(unknown)).rejects.toMatchObject({ exitCode: 2 });
    await expect(guard({ resource_changes: harmless })).resolves.toBeUndefined();
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

  test.each(["container", "network"])(
    "names the owner of a %s whose name is taken, and reports no loss of data",
    async (kind) => {
      const plan = { resource_changes: [change(`docker_${kind}.server`, ["create"], "mlflow-server")] };

      await expect(guard(plan, { [kind]: async () => ({ description: "running" }) })).rejects.toMatchObject({
        message: `the ${kind} 'mlflow-server' exists on the engine (running), but not in the state of this stack`,
        exitCode: 1,
      });
    },
  );

  test("quotes an address that a shell would split", async () => {
    const plan = { resource_changes: [change('docker_volume.data["a"]', ["delete"], "a")] };

    await expect(guard(plan)).rejects.toMatchObject({
      remedy: expect.stringContaining(`state rm 'docker_volume.data["a"]'`) as string,
    });
  });
});

describe("guardPlan, of volumes that no plan can delete", () => {
  const record = (address: string, before: string | null, after: string | null): ResourceChange => ({
    address: `terraform_data.${address}`,
    type: "terraform_data",
    change: {
      actions: before === after ? ["no-op"] : ["update"],
      before: before === null ? null : { id: "a-b-c", input: { named_volume: before } },
      after: after === null ? null : { input: { named_volume: after } },
    },
  });
  const mounting = (name: string) => ({
    address: "docker_container.db",
    type: "docker_container",
    values: { name: "db", volumes: [{ container_path: "/data", volume_name: name }] },
  });
  const state = (...names: string[]) => ({ values: { root_module: { resources: names.map(mounting) } } });
  const engineWith = (...names: string[]) => ({
    volume: async (name: string) => (names.includes(name) ? { description: "made today" } : undefined),
  });

  test("refuses one that exists, and that the stack never had", async () => {
    const plan = { resource_changes: [record("data", null, "mlflow-data")] };

    await expect(guard(plan, engineWith("mlflow-data"))).rejects.toMatchObject({
      message:
        "the volume 'mlflow-data' exists on the engine (made today), but not in the state of this stack; nothing was changed",
      remedy: expect.stringContaining(`${IN_FOLDER} import terraform_data.data mlflow-data`) as string,
      exitCode: 2,
    });
    await expect(guard(plan, engineWith("other"))).resolves.toBeUndefined();
  });

  test("tells to forget the record of another volume first, because Terraform imports nothing in its place", async () => {
    const renamedBack = record("data", "mlflow-other", "mlflow-data");
    const moved = { ...renamedBack, previous_address: "terraform_data.old" };
    const remedyOf = async (change: ResourceChange) => {
      const refused = guard({ resource_changes: [change] }, engineWith("mlflow-data", "mlflow-other"));
      return (await refused.catch((error: CommandError) => error))?.remedy
        ?.split("\n")
        .filter((line) => / terraform /.test(line));
    };

    expect(await remedyOf(renamedBack)).toEqual([
      `  or with Terraform, first:    ${IN_FOLDER} state rm terraform_data.data`,
      `  or with Terraform:           ${IN_FOLDER} import terraform_data.data mlflow-data`,
    ]);
    expect((await remedyOf(moved))?.[0]).toContain("state rm terraform_data.old");
    expect(await remedyOf(record("data", null, "mlflow-data"))).toHaveLength(1);
  });

  test.each<[string, Plan]>([
    [
      "one whose record was imported",
      {
        resource_changes: [
          {
            ...record("data", null, "mlflow-data"),
            change: {
              actions: ["update"],
              before: { id: "mlflow-data", input: null },
              after: { id: "mlflow-data", input: { named_volume: "mlflow-data" } },
            },
          },
        ],
      },
    ],
    [
      "one that was a docker_volume of the state",
      {
        resource_changes: [
          record("data", null, "mlflow-data"),
          {
            address: "docker_volume.data",
            type: "docker_volume",
            change: { actions: ["forget"], before: { name: "mlflow-data" }, after: null },
          },
        ],
      },
    ],
    [
      "one that a container of the state mounts",
      { resource_changes: [record("data", null, "mlflow-data")], prior_state: state("mlflow-data") },
    ],
    [
      "one whose record has another address, since a construct was renamed",
      { resource_changes: [record("old", "mlflow-data", null), record("new", null, "mlflow-data")] },
    ],
  ])("goes on with %s", async (_what, plan) => {
    await expect(guard(plan, engineWith("mlflow-data"))).resolves.toBeUndefined();
  });

  test("refuses to go on without one that a container had, also when the container is gone as well", async () => {
    const kept = record("data", "mlflow-data", "mlflow-data");
    const drift = { ...change("docker_container.db", ["delete"], "db") };
    const gone = { ...drift, change: { ...drift.change, before: mounting("mlflow-data").values } };

    for (const plan of [
      { resource_changes: [kept], prior_state: state("mlflow-data") },
      { resource_changes: [kept], resource_drift: [gone] },
    ]) {
      await expect(guard(plan)).rejects.toMatchObject({
        message:
          "the volume 'mlflow-data' is in the state but no longer on the engine: its data is not there; nothing was changed",
        remedy: expect.stringContaining(`${IN_FOLDER} state rm terraform_data.data`) as string,
        exitCode: 2,
      });
    }
  });

  test("makes an empty one after the remedy, and after an apply that failed before any container", async () => {
    const removed = { resource_changes: [record("data", null, "mlflow-data")], prior_state: state("mlflow-data") };

    await expect(guard(removed)).resolves.toBeUndefined();
    await expect(guard({ resource_changes: [record("data", "mlflow-data", "mlflow-data")] })).resolves.toBeUndefined();
  });

  test("lets the use of one end", async () => {
    const plan = { resource_changes: [record("data", "mlflow-data", null)], prior_state: state("mlflow-data") };

    await expect(guard(plan)).resolves.toBeUndefined();
  });
});

describe("guardPlan, of volumes that only a container names", () => {
  const mounts = (name: string) => ({ name: "notes", mounts: [{ type: "volume", source: name, target: "/notes" }] });
  const planOf = (before: object | null, after: object | null): Plan => ({
    resource_changes: [
      {
        address: "docker_container.notes",
        type: "docker_container",
        change: { actions: before ? ["delete", "create"] : ["create"], before, after } as ResourceChange["change"],
      },
    ],
  });
  const recorded = (plan: Plan, name: string): Plan => ({
    ...plan,
    resource_changes: [
      ...(plan.resource_changes ?? []),
      {
        address: "terraform_data.mounted_volumes",
        type: "terraform_data",
        change: {
          actions: ["no-op"],
          before: { input: { mounted_volumes: [name] } },
          after: { input: { mounted_volumes: [name] } },
        },
      },
    ],
  });
  const engine = {
    volume: async (name: string) => (name === "prod-minio-data" ? { description: "made today" } : undefined),
  };

  test("refuses one that exists, and that the stack never had, unless the user has named it", async () => {
    const plan = planOf(null, mounts("prod-minio-data"));

    await expect(guard(plan, engine)).rejects.toMatchObject({
      message:
        "the volume 'prod-minio-data' exists on the engine (made today), but not in the state of this stack; nothing was changed",
      remedy: expect.stringContaining("up --use-volume prod-minio-data") as string,
      exitCode: 2,
    });
    await expect(guard(planOf(null, mounts("new")), engine)).resolves.toBeUndefined();
    const allowed = guardPlan(plan, { ...EMPTY_ENGINE, ...engine }, IN_FOLDER, { volumes: ["prod-minio-data"] });
    await expect(allowed).resolves.toBeUndefined();
  });

  test("refuses one with a record, also if the user has named it: it is imported first", async () => {
    const record = { actions: ["create"], before: null, after: { input: { named_volume: "prod-minio-data" } } };
    const plan = { resource_changes: [{ address: "terraform_data.data", type: "terraform_data", change: record }] };
    const refused = guardPlan(plan, { ...EMPTY_ENGINE, ...engine }, IN_FOLDER, { volumes: ["prod-minio-data"] });

    await expect(refused).rejects.toMatchObject({ exitCode: 2 });
  });

  test("goes on with one that the container had, and with one that the record of 'down' still names", async () => {
    const had = planOf(mounts("prod-minio-data"), mounts("prod-minio-data"));

    await expect(guard(had, engine)).resolves.toBeUndefined();
    await expect(
      guard(recorded(planOf(null, mounts("prod-minio-data")), "prod-minio-data"), engine),
    ).resolves.toBeUndefined();
  });

  test("refuses to go on without one that the container had", async () => {
    const plan = recorded(
      {
        resource_drift: planOf(mounts("lost"), null).resource_changes,
        resource_changes: planOf(null, mounts("lost")).resource_changes,
      },
      "lost",
    );

    await expect(guard(plan, engine)).rejects.toMatchObject({
      message:
        "the volume 'lost' is in the state but no longer on the engine: its data is not there; nothing was changed",
      remedy: expect.stringContaining(`${IN_FOLDER} state rm docker_container.notes`) as string,
      exitCode: 2,
    });
  });
});

describe("guardPlan, of volumes without a name that an image declares", () => {
  const engine = {
    anonymousVolumes: async (names: string[]) => names.map((container) => ({ container, path: "/data", volume: "0f" })),
  };
  const planOf = (actions: string[], values: object): Plan => {
    const removed = change("docker_container.redis", actions, "redis");
    const before = { ...removed.change.before, ...values };
    return { resource_changes: [{ ...removed, change: { ...removed.change, before } }] };
  };

  test.each([[["delete"]], [["delete", "create"]]])("refuses %j of a container of the user's own", async (actions) => {
    await expect(guard(planOf(actions, { remove_volumes: true }), engine)).rejects.toMatchObject({
      message:
        "this would delete what the container 'redis' has in /data, a volume without a name; nothing was changed",
      exitCode: 2,
    });
    const allowed = guardPlan(planOf(actions, {}), { ...EMPTY_ENGINE, ...engine }, IN_FOLDER, { dataLoss: true });
    await expect(allowed).resolves.toBeUndefined();
  });

  test.each<[string, string[], object]>([
    ["that stays", ["update"], {}],
    ["whose volumes the provider leaves", ["delete", "create"], { remove_volumes: false }],
    ["of the library", ["delete", "create"], { labels: [{ label: "cdktf-mlflow.role", value: "dump-job" }] }],
  ])("lets a container pass %s", async (_what, actions, values) => {
    await expect(guard(planOf(actions, values), engine)).resolves.toBeUndefined();
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
