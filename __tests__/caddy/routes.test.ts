import { RELEASES } from "../../lib/values/releases";
import { decidingRow, overlap, ROUTE_TABLE, rows, type Row } from "../support/route-table";

const ALL = rows(ROUTE_TABLE);

const verdict = ({ group }: Row) => JSON.stringify([group.need, group.feature, group.body]);

describe("caddy/routes.json", () => {
  test("has nothing but what the gateway's module knows", () => {
    const known = {
      need: ["admin", "closed", "create-experiment", "graphql", "read", "trace-tags", "workspace", "write"],
      feature: ["aiGateway", "jobExecution", "metrics", "telemetry", "traces", "webhooks", "workspaces"],
      body: ["artifact", "small", "traces"],
    };
    expect(Object.keys(ROUTE_TABLE)).toEqual(["mlflow", "graphql", "groups"]);
    for (const group of ROUTE_TABLE.groups) {
      const { need, feature, body, why, routes, ...others } = group;
      expect(others).toEqual({});
      expect(known.need).toContain(need);
      if (feature !== undefined) expect(known.feature).toContain(feature);
      if (body !== undefined) expect(known.body).toContain(body);
      if (why !== undefined) expect(why).toMatch(/^\S.{9,}\S$/);
      expect(routes.length).toBeGreaterThan(0);
      for (const route of routes) {
        expect(route).toMatch(
          /^(?:\*|(?:DELETE|GET|PATCH|POST|PUT)(?:\|(?:DELETE|GET|PATCH|POST|PUT))*) \/(?:[^/{} ]+\/)*/,
        );
        expect(route.split(" ")[1]).toMatch(/^(?:\/(?:[\w.-]+|\{\w+\}))*(?:\/\{\w+\.\.\.\})?$|^\/$/);
      }
    }
  });

  test("is for the release of MLflow that is deployed", () => {
    expect(ROUTE_TABLE.mlflow).toBe(RELEASES.mlflow.version);
  });

  test("is sorted by path, then by methods, so that a row is found and a diff is small", () => {
    const key = (route: string) => route.split(" ").reverse().join(" ");
    const sorted = (list: readonly string[]) => [...list].sort((a, b) => (key(a) < key(b) ? -1 : 1));
    for (const { routes } of ROUTE_TABLE.groups) {
      expect(routes).toEqual(sorted(routes));
      for (const [methods = ""] of routes.map((route) => route.split(" "))) {
        expect(methods).toBe(methods.split("|").sort().join("|"));
      }
    }
    expect(ROUTE_TABLE.graphql.read).toEqual([...ROUTE_TABLE.graphql.read].sort());
  });

  test("names no route twice", () => {
    const named = ALL.flatMap(({ methods, path }) => methods.map((method) => `${method} ${path}`));
    expect(named.filter((route, i) => named.indexOf(route) !== i)).toEqual([]);
    expect(new Set(ROUTE_TABLE.graphql.read).size).toBe(ROUTE_TABLE.graphql.read.length);
  });

  test("says why wherever more than a role decides, and wherever only admins or nobody may", () => {
    const plain = ROUTE_TABLE.groups.filter(({ why }) => why === undefined);
    expect(plain.filter(({ need }) => need !== "read" && need !== "write")).toEqual([]);
  });

  test("has no address with two meanings but these, where the literal row decides", () => {
    const pairs = ALL.flatMap((one, i) =>
      ALL.slice(i + 1)
        .filter((two) => one.methods.some((m) => two.methods.includes(m) || m === "*" || two.methods.includes("*")))
        .filter((two) => overlap(one.path, two.path) && verdict(one) !== verdict(two))
        .map((two) => [one.route, two.route]),
    );
    expect(pairs).toEqual([["POST /gateway/{endpoint_name}/mlflow/invocations", "* /gateway/proxy/{rest...}"]]);
    expect(decidingRow(ALL, "POST", "/gateway/proxy/mlflow/invocations")?.group.need).toBe("closed");
  });

  test("keeps what nobody or only admins may use from everyone else, whatever the rest of the table says", () => {
    const need = (method: string, path: string) => decidingRow(ALL, method, path)?.group.need;
    expect(need("GET", "/ajax-api/3.0/mlflow/assistant/config")).toBe("closed");
    expect(need("PUT", "/ajax-api/3.0/mlflow/assistant/a/b/c")).toBe("closed");
    expect(need("POST", "/gateway/proxy/openai/v1/files")).toBe("closed");
    expect(need("GET", "/metrics")).toBe("closed");
    expect(need("DELETE", "/api/2.0/mlflow-artifacts/artifacts/1/run/artifacts")).toBe("admin");
    expect(need("POST", "/ajax-api/3.0/mlflow/traces/delete-traces")).toBe("admin");
    for (const { methods, route, group } of ALL) {
      if (group.need === "read") expect([route, methods]).toEqual([route, expect.not.arrayContaining(["DELETE"])]);
    }
  });
});
