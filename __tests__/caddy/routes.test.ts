import { FEATURES } from "../../lib/server/features";
import { RELEASES } from "../../lib/values/releases";
import { overlap, ROUTE_TABLE, rows, type Row } from "../support/route-table";

const ALL = rows(ROUTE_TABLE);

const verdict = ({ group }: Row) => JSON.stringify([group.need, group.feature, group.body]);

// What a call needs at the minimum, by its method and the words of its path alone: this list knows nothing of the table.
const ADMINS =
  /\/(gateway|gateway-proxy|jobs|webhooks|workspaces|users|roles|signup|assistant|demo|invoke|online-config)(\/|$)|^\/metrics$/;
const DELETES_FOR_GOOD = /(^|[/-])delete(-traces)?$/;
// A deleted run or experiment can be restored, and a tag or an alias set again.
const COMES_BACK = /\/(runs|experiments)\/delete$|delete-(experiment-)?tag$|\/tags(\/|$)|\/alias(es)?(\/|$)/;
const READS =
  /\/(search|search-datasets|presigned-download-url|batchGetInfos|calculate-filter-correlation|get-latest-versions)$|\/traces\/metrics$/;

function minimumOf(method: string, path: string): string {
  if (ADMINS.test(path)) return "admin";
  if ((method === "DELETE" || DELETES_FOR_GOOD.test(path)) && !COMES_BACK.test(path)) return "admin";
  return method === "GET" || READS.test(path) ? "read" : "write";
}

/** Calls that need less, or more, than their words say, each with the reason. */
const EXCEPTIONS: { readonly [call: string]: string } = {
  "GET /api/2.0/mlflow/users/current": "read", // Pages ask who the user is.
  "GET /api/3.0/mlflow/workspaces": "workspace", // The user's own is all that is told.
  "GET /api/3.0/mlflow/workspaces/{workspace_name}": "workspace",
  "GET /graphql": "closed",
  "POST /graphql": "graphql", // The fields of the query decide.
  "POST /api/3.0/mlflow/ui-telemetry": "read", // Reports clicks of every user.
};
/** What a need asks at the minimum, if it is more than a role. */
const ROLES: { readonly [need: string]: string } = {
  ...{ closed: "admin", "create-experiment": "write", "trace-tags": "write", parts: "write", scorer: "write" },
};

describe("caddy/routes.json", () => {
  test("asks of each route the role that its method and its words ask", () => {
    const judged = ALL.flatMap(({ methods, path, group: { need } }) =>
      methods.map((method) => {
        const exception = EXCEPTIONS[`${method} ${path.replace(/^\/ajax-api\//, "/api/")}`];
        const given = exception === undefined ? (ROLES[need] ?? need) : need;
        return { call: `${method} ${path}`, given, expected: exception ?? minimumOf(method, path) };
      }),
    );

    expect(judged.length).toBeGreaterThan(200);
    expect(judged.filter(({ given, expected }) => given !== expected)).toEqual([]);
  });

  // caddy/plugin/routes_test.go tests the gateway's handler with each route.
  test("has groups and routes that are written in one way", () => {
    expect(Object.keys(ROUTE_TABLE)).toEqual(["mlflow", "graphql", "groups"]);
    for (const { why, routes } of ROUTE_TABLE.groups) {
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

  test("has routes of every feature that can be switched on, and of no other", () => {
    const features = ROUTE_TABLE.groups.flatMap(({ feature }) => feature ?? []);
    expect(new Set(features)).toEqual(new Set(Object.keys(FEATURES)));
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

  test("has a reason for each route that needs more than a role, or is for admins or closed", () => {
    const plain = ROUTE_TABLE.groups.filter(({ why }) => why === undefined);
    expect(plain.filter(({ need }) => need !== "read" && need !== "write")).toEqual([]);
  });

  test("has only these addresses with two routes, and the one with the literal segment decides", () => {
    const pairs = ALL.flatMap((one, i) =>
      ALL.slice(i + 1)
        .filter((two) => one.methods.some((m) => two.methods.includes(m) || m === "*" || two.methods.includes("*")))
        .filter((two) => overlap(one.path, two.path) && verdict(one) !== verdict(two))
        .map((two) => [one.route, two.route]),
    );
    expect(pairs).toEqual([["POST /gateway/{endpoint_name}/mlflow/invocations", "* /gateway/proxy/{rest...}"]]);
  });
});
