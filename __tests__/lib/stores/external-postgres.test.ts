import { Token } from "cdktf";
import { ExternalPostgres, PostgresClient, Secret } from "../../../lib";
import type { ExternalPostgresOptions } from "../../../lib";
import { addresses, synth, testStack } from "../../support/stacks/synth";

function externalStack(options: Partial<ExternalPostgresOptions> = {}) {
  const { stack, network } = testStack();
  const store = new ExternalPostgres(stack, "postgres", {
    host: "db.example.com",
    database: "mlflow",
    username: "mlflow",
    password: Secret.variable("db_password"),
    ...options,
  });
  return { stack, network, store };
}

function serviceFileLines(store: ExternalPostgres): string[] {
  const content = store.clientSettings.files[0]?.content ?? "";
  return content.split("\n").filter((line) => !line.startsWith("password="));
}

describe("ExternalPostgres", () => {
  test("creates no container and no volume", () => {
    expect(addresses(externalStack().stack).filter((address) => !address.includes("network"))).toEqual([]);
  });

  test("verifies the server's certificate and name by default", () => {
    expect(serviceFileLines(externalStack().store)).toEqual([
      "[mlflow]",
      "host=db.example.com",
      "port=5432",
      "dbname=mlflow",
      "user=mlflow",
      "sslmode=verify-full",
      "sslrootcert=system",
      "",
    ]);
  });

  test("tells the host that its clients connect to, if it is a name", () => {
    const hostsOf = (options: Partial<ExternalPostgresOptions>) => externalStack(options).store.clientSettings.hosts;

    expect(hostsOf({})).toEqual([{ host: "db.example.com", port: 5432, tls: false }]);
    expect(hostsOf({ host: "DB", port: 6432 })).toEqual([{ host: "db", port: 6432, tls: false }]);
    const reference = Token.asString({ resolve: () => "db.example.com" });
    expect(hostsOf({ host: reference })).toEqual([{ host: reference, port: 5432, tls: false }]);
    for (const host of ["10.0.0.5", "fd00::5", "2130706433", "a.example.com,b.example.com", "/run/postgresql"])
      expect(hostsOf({ host })).toBeUndefined();
    expect(hostsOf({ port: Token.asNumber({ resolve: () => 5432 }) })).toBeUndefined();
  });

  test("gives clients the certificate of the server's authority", () => {
    const { store } = externalStack({ caCertificate: "-----BEGIN CERTIFICATE-----\n", port: 6432 });

    expect(serviceFileLines(store)).toContain("sslrootcert=/etc/mlflow/postgres-ca.pem");
    expect(serviceFileLines(store)).toContain("port=6432");
    expect(store.clientSettings.files[1]).toEqual({
      path: "/etc/mlflow/postgres-ca.pem",
      content: "-----BEGIN CERTIFICATE-----\n",
      secret: false,
    });
  });

  test("uses no certificates on request", () => {
    const lines = serviceFileLines(externalStack({ sslMode: "disable" }).store);

    expect(lines).toContain("sslmode=disable");
    expect(lines.filter((line) => line.startsWith("sslrootcert"))).toEqual([]);
  });

  test("makes Terraform refuse a password that a service file cannot hold", () => {
    const [validation] = (synth(externalStack().stack).variable?.db_password?.validation ?? []) as object[];

    expect(validation).toEqual({
      condition:
        '${var.db_password == trimspace(var.db_password) && length(regexall("[\\\\r\\\\n]", var.db_password)) == 0}',
      error_message: "The database password must not begin or end with a blank, or hold a line break.",
    });
  });

  test.each(["localhost", "db.localhost", "127.0.0.1", "::1", "[::1]", "0.0.0.0"])("fails on the host %s", (host) => {
    expect(() => externalStack({ host })).toThrow(
      `'host' must be a name or address that containers reach, because inside a container '${host}' is the container itself; use the address of the machine, got: '${host}' [test/postgres]`,
    );
  });

  test("fails on a mode that does not protect the connection", () => {
    expect(() => externalStack({ sslMode: "prefer" })).toThrow(
      "'sslMode' must be one of disable, require, verify-ca, verify-full, got: 'prefer' [test/postgres]",
    );
  });

  test("fails on it for a store of an app's own, too", () => {
    const { stack } = testStack();
    const password = Secret.variable("db_password").bind(stack, "password");
    const database = { host: "db.example.com", database: "mlflow", username: "mlflow", password, external: true };

    expect(() => PostgresClient.settings(stack, { ...database, sslMode: "allow" })).toThrow(
      "'sslMode' must be one of disable, require, verify-ca, verify-full, got: 'allow' [test]",
    );
  });

  test.each(["", " mlflow", "ml\nflow"])("fails on the database %j", (database) => {
    expect(() => externalStack({ database })).toThrow(
      `'database' must not be empty, begin or end with a blank, or hold a line break, got: '${database}' [test/postgres]`,
    );
  });
});
