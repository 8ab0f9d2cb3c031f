import type { TerraformStack } from "cdktf";
import { DataSize, Duration, PostgresStore, Secret, ServiceImage } from "../../../lib";
import type { PostgresStoreOptions } from "../../../lib";
import { RELEASES } from "../../../lib/values/releases";
import { addresses, container, environment, file, synth, testStack } from "../../support/stacks/synth";

function storeStack(options: PostgresStoreOptions = {}) {
  const { stack, network } = testStack();
  const store = new PostgresStore(stack, "postgres", { network, ...options });
  return { stack, network, store };
}

function setting(command: string[], name: string): string | undefined {
  return command.find((argument) => argument.startsWith(`${name}=`))?.slice(name.length + 1);
}

describe("PostgresStore", () => {
  test("with minimal properties", () => {
    const { stack } = storeStack();

    expect(synth(stack)).toMatchSnapshot();
  });

  test("has these addresses", () => {
    const { stack } = storeStack({ majorVersion: 18 });

    expect(addresses(stack)).toEqual([
      "docker_container.postgres",
      "docker_image.postgres_image_5E4DCF3B",
      "docker_network.network_edge_EE26EFD3",
      "docker_network.network_internal_6B1DEFA6",
      "random_password.postgres_password_83C6746C",
      "terraform_data.postgres_data-18_39DD5BDF",
    ]);
  });

  test.each([
    { majorVersion: 18, path: "/var/lib/postgresql", pgdata: "/var/lib/postgresql/18/docker" },
    { majorVersion: 17, path: "/var/lib/postgresql/data", pgdata: "/var/lib/postgresql/data" },
    { majorVersion: 16, path: "/var/lib/postgresql/data", pgdata: "/var/lib/postgresql/data" },
  ])("keeps the data of version $majorVersion in a volume of its own", ({ majorVersion, path, pgdata }) => {
    const { stack } = storeStack({ majorVersion });
    const { resource } = synth(stack);
    const [image] = Object.values(resource.docker_image ?? {}).map(({ name }) => name);

    expect(image).toMatch(new RegExp(`^postgres:${majorVersion}\\.\\d+-[a-z]+(@sha256:.*)?$`));
    expect(PostgresStore.defaultImage(majorVersion).name).toBe(image);
    expect(container(stack, "postgres").volumes).toEqual([
      { container_path: path, volume_name: `test-postgres-data-${majorVersion}` },
    ]);
    expect(environment(stack, "postgres").PGDATA).toBe(pgdata);
  });

  test("has the default major version of releases.json", () => {
    expect(container(storeStack().stack, "postgres").volumes).toMatchObject([
      { volume_name: `test-postgres-data-${RELEASES.postgres.default}` },
    ]);
    expect(PostgresStore.defaultImage()).toEqual(PostgresStore.defaultImage(RELEASES.postgres.default));
  });

  test("keeps its data in a folder of the host when it is given one", () => {
    const { stack } = storeStack({ dataVolume: { hostPath: "/srv/postgres" } });

    expect(container(stack, "postgres").volumes).toEqual([
      { container_path: "/var/lib/postgresql", host_path: "/srv/postgres" },
    ]);
  });

  test("derives its settings from its memory", () => {
    const { stack } = storeStack({ memory: DataSize.gibibytes(2), connectionLimit: 50 });
    const { command, memory, memory_swap } = container(stack, "postgres");

    expect({ memory, memory_swap }).toEqual({ memory: 2048, memory_swap: 2048 });
    expect(setting(command, "shared_buffers")).toBe("512MB");
    expect(setting(command, "effective_cache_size")).toBe("1536MB");
    expect(setting(command, "maintenance_work_mem")).toBe("128MB");
    expect(setting(command, "max_connections")).toBe("50");
  });

  test("lets a setting win over a derived one", () => {
    const { stack } = storeStack({ settings: { shared_buffers: "64MB", log_min_duration_statement: "250ms" } });
    const { command } = container(stack, "postgres");

    expect(command.filter((argument: string) => argument.startsWith("shared_buffers"))).toEqual([
      "shared_buffers=64MB",
    ]);
    expect(setting(command, "log_min_duration_statement")).toBe("250ms");
  });

  test("stops by fast shutdown, with time to write everything down", () => {
    expect(container(storeStack().stack, "postgres")).toMatchObject({
      stop_signal: "SIGINT",
      stop_timeout: 90,
      destroy_grace_seconds: 90,
    });
  });

  test("takes a slower health check", () => {
    const { stack } = storeStack({ healthCheck: { interval: Duration.seconds(30) } });

    const { healthcheck } = container(stack, "postgres");
    // it waits inside the container, for 28 of the 30 seconds.
    expect(healthcheck).toMatchObject({ interval: "2s", timeout: "33s", retries: 6 });
    expect((healthcheck as { test: string[] }).test.slice(-9)).toEqual([
      "28",
      "pg_isready",
      "-q",
      "-h",
      "127.0.0.1",
      "-U",
      "mlflow",
      "-d",
      "mlflow",
    ]);
  });

  test("is restarted by its health check after five minutes without an answer, or after another time", () => {
    const limits = (stack: TerraformStack) => {
      const { init, healthcheck } = container(stack, "postgres");
      return [init, ...(healthcheck as { test: string[] }).test.slice(4, 7)];
    };

    expect(limits(storeStack().stack)).toEqual([true, "healthcheck", "300", "6"]);
    const healthCheck = { restartAfter: Duration.seconds(20), retries: 3 };
    expect(limits(storeStack({ healthCheck }).stack)).toEqual([true, "healthcheck", "20", "3"]);
  });

  test.each([
    ["postgres:17.11-trixie", 17],
    ["registry.example.com/hub/postgres:9.6.24", 9],
    [`postgis/postgis:17-3.5@sha256:${"0".repeat(64)}`, 17],
    ["pgvector/pgvector:0.8.0-pg17", 17],
    [`postgres:17.11@sha256:${"0".repeat(64)}`, 17],
  ])("refuses %s for data of PostgreSQL 18", (name, major) => {
    expect(() => storeStack({ majorVersion: 18, image: ServiceImage.registry(name) })).toThrow(
      `'image' ${name} is PostgreSQL ${major}, which does not start on data of 'majorVersion' 18: name an image of PostgreSQL 18`,
    );
  });

  test.each([
    [18, "localhost/cdktf-mlflow/postgres:18.6-0123456789ab"],
    [17, "pgvector/pgvector:0.8.0-pg17"],
    [18, "example/postgres:1.2.0"],
    [18, "timescale/timescaledb:2.17.0"],
    [18, "example/postgres:2026-09-16"],
    [18, `example/postgres@sha256:${"0".repeat(64)}`],
  ])("takes for PostgreSQL %d an image that names this version or none: %s", (majorVersion, name) => {
    expect(() => storeStack({ majorVersion, image: ServiceImage.registry(name) })).not.toThrow();
  });

  test("takes another image", () => {
    const { stack } = storeStack({ image: ServiceImage.registry("registry.example.com/postgres:18.7") });

    expect(Object.values(synth(stack).resource.docker_image ?? {})).toMatchObject([
      { name: "registry.example.com/postgres:18.7", keep_locally: true },
    ]);
  });

  test("gets its password as a file, and hands it to clients as a libpq service", () => {
    const { stack, store } = storeStack({ majorVersion: 18, password: Secret.variable("database_password") });

    expect(file(stack, "postgres", "/run/secrets/postgres-password")).toBe("${var.database_password}");
    expect(environment(stack, "postgres")).toEqual({
      PGDATA: "/var/lib/postgresql/18/docker",
      POSTGRES_DB: "mlflow",
      POSTGRES_PASSWORD_FILE: "/run/secrets/postgres-password",
      POSTGRES_USER: "mlflow",
    });
    expect(synth(stack).variable?.database_password).toMatchObject({ sensitive: true });
    expect(store.clientSettings.environment).toEqual({ PGSERVICEFILE: "/run/secrets/pg_service.conf" });
  });

  test.each(["Mlflow", "ml flow", "", "1st", "a".repeat(64)])("fails on the database name '%s'", (database) => {
    expect(() => storeStack({ database })).toThrow(
      `'database' must be 1 to 63 of a-z, 0-9 and _ and not start with a digit, got: '${database}' [test/postgres]`,
    );
  });

  test("fails on a version that it does not know", () => {
    expect(() => storeStack({ majorVersion: 15 })).toThrow(
      /^'majorVersion' must be (?:\d+, )+\d+ or \d+, got: 15 \[test\/postgres\]$/,
    );
    expect(() => PostgresStore.defaultImage(15)).toThrow(/^'majorVersion' must be .* got: 15$/);
  });

  test("fails on too little memory", () => {
    expect(() => storeStack({ memory: DataSize.mebibytes(128) })).toThrow(
      "'memory' must be at least 256 MiB, got: 128 MiB [test/postgres]",
    );
  });

  test("fails on more connections than fit into its memory", () => {
    expect(() => storeStack({ memory: DataSize.mebibytes(256), connectionLimit: 1000 })).toThrow(
      "'memory' must be at least 3334 MiB for a 'connectionLimit' of 1000, got: 256 MiB; raise 'memory', or lower 'connectionLimit' [test/postgres]",
    );
    expect(() => storeStack({ memory: DataSize.mebibytes(256), connectionLimit: 70 })).not.toThrow();
  });

  test.each([0, 9, 1.5])("fails on a connection limit of %s", (connectionLimit) => {
    expect(() => storeStack({ connectionLimit })).toThrow(
      `'connectionLimit' must be a whole number of 10 or more, got: ${connectionLimit} [test/postgres]`,
    );
  });

  test("fails on a relative folder", () => {
    expect(() => storeStack({ majorVersion: 18, dataVolume: { hostPath: "data" } })).toThrow(
      "'hostPath' must be an absolute path on the engine's host, got: 'data' [test/postgres/data-18]",
    );
  });
});
