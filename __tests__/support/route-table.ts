import { readFileSync } from "node:fs";
import { resolve } from "node:path";

/** One group of caddy/routes.json. */
export interface RouteGroup {
  /**
   * The role that a caller needs. With `graphql`, `create-experiment`, `trace-tags` and `parts` the body decides. With
   * `scorer` that is `admin` while `jobExecution` is on, else `write`. With `workspace`
   * callers without the role admin see their own workspace only. With `closed` nobody may use the route.
   */
  readonly need:
    | "read"
    | "write"
    | "admin"
    | "closed"
    | "graphql"
    | "create-experiment"
    | "trace-tags"
    | "parts"
    | "scorer"
    | "workspace";
  /** The feature that has to be enabled as well. */
  readonly feature?: string;
  /** The class of bodies, which sets their maximum size. @default "small" */
  readonly body?: "small" | "traces" | "records" | "search" | "artifact";
  readonly why?: string;
  readonly routes: readonly string[];
}

/** The content of caddy/routes.json. */
export interface RouteTable {
  /** The release of MLflow whose routes these are. */
  readonly mlflow: string;
  readonly graphql: { readonly read: readonly string[] };
  readonly groups: readonly RouteGroup[];
}

/** A route of the table with one prefix: a route `/api/…` has a second row `/ajax-api/…`. */
export interface Row {
  readonly route: string;
  readonly methods: readonly string[];
  readonly path: string;
  readonly group: RouteGroup;
}

export const ROUTE_TABLE: RouteTable = JSON.parse(readFileSync(resolve(__dirname, "../../caddy/routes.json"), "utf8"));

/** All rows of a table. */
export function rows(table: RouteTable): Row[] {
  return table.groups.flatMap((group) =>
    group.routes.flatMap((route) => {
      const [methods = "", path = ""] = route.split(" ");
      const paths = path.startsWith("/api/") ? [path, path.replace("/api/", "/ajax-api/")] : [path];
      return paths.map((path) => ({ route, methods: methods.split("|"), path, group }));
    }),
  );
}

/**
 * The row that decides about a request: of all that match, the one with a literal segment where others have a parameter.
 * The end-to-end tests compare the running gateway with it, so it shares nothing with the gateway's own matcher.
 */
export function decidingRow(all: readonly Row[], method: string, path: string): Row | undefined {
  return all.filter((row) => fits(row, method, path)).sort((a, b) => rank(a.path).localeCompare(rank(b.path)))[0];
}

/** Whether a row matches a request. */
function fits({ methods, path }: Row, method: string, request: string): boolean {
  const given = segments(request);
  const wanted = segments(path);
  const rest = wanted.at(-1)?.endsWith("...}") ?? false;
  return (
    (methods.includes(method) || methods.includes("*") || (method === "HEAD" && methods.includes("GET"))) &&
    (rest ? given.length >= wanted.length : given.length === wanted.length) &&
    wanted.every((segment, i) => segment === given[i] || (segment.startsWith("{") && given[i] !== ""))
  );
}

/** An example of a pattern: `/a/{b}/{c...}` becomes `/a/one/some/more`. */
export function example(pattern: string): string {
  return pattern.replace(/\{\w+\.\.\.\}/g, "some/more").replace(/\{\w+\}/g, "one");
}

/** Whether two patterns can match the same path. */
export function overlap(a: string, b: string): boolean {
  const [one, two] = [segments(a), segments(b)];
  const open = (list: string[]) => list.at(-1)?.endsWith("...}") ?? false;
  for (let i = 0; i < Math.max(one.length, two.length); i++) {
    if (one[i] === undefined) return open(one);
    if (two[i] === undefined) return open(two);
    const named = one[i].startsWith("{") || two[i].startsWith("{");
    if (one[i] !== two[i] && !named) return false;
  }
  return true;
}

function segments(path: string): string[] {
  return path.replace(/\/$/, "").split("/").slice(1);
}

function rank(path: string): string {
  return segments(path)
    .map((segment) => (!segment.startsWith("{") ? "0" : segment.endsWith("...}") ? "2" : "1"))
    .join("");
}
