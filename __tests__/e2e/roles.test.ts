import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MlflowServer } from "../../lib";
import { offlineSettings } from "../support/stacks/deployment";
import { GatewayContainer } from "../support/servers/gateway-container";
import { basicAuth, send } from "../support/clients/http-request";
import { RecordingUpstream } from "../support/servers/recording-upstream";
import { decidingRow, example, ROUTE_TABLE, rows, type Row } from "../support/route-table";
import { runOk } from "../support/run";

jest.setTimeout(5 * 60_000);

/** What mlflow-routes.py prints. */
interface RoutesOfMlflow {
  readonly version: string;
  readonly routes: readonly string[];
  readonly graphql: { readonly query: readonly string[]; readonly mutation: readonly string[] };
}

/** A call by somebody, and what has to become of it. */
interface Call {
  readonly caller: Caller;
  readonly method: string;
  readonly path: string;
  readonly body?: string;
}

const CALLERS = ["anonymous", "read", "write", "admin"] as const;
type Caller = (typeof CALLERS)[number];

const METHODS = ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"];
const PASSWORDS = { read: "password of a reader", write: "password of a writer", admin: "password of an admin" };
const TABLE = rows(ROUTE_TABLE);
const FEATURES = [...new Set(ROUTE_TABLE.groups.flatMap(({ feature }) => feature ?? []))];
/** What is on unless a user says otherwise. */
const DEFAULT_FEATURES = ["traces"];

const QUERY = JSON.stringify({ query: '{ test(inputString: "a") { output } }' });
const EXPERIMENT = JSON.stringify({ name: "of a test" });
const PARTS = JSON.stringify({ path: "model.bin", num_parts: 2 });

let mlflow: RoutesOfMlflow;
const upstream = RecordingUpstream.forTests();

beforeAll(async () => {
  const image = process.env.MLFLOW_IMAGE ?? (await offlineSettings()).MLFLOW_IMAGE ?? MlflowServer.defaultImage().name;
  const script = readFileSync(join(__dirname, "../support/clients/mlflow-routes.py"), "utf8");
  const hardening = ["--network", "none", "--user", "1000:1000", "--cap-drop", "ALL", "--env", "HOME=/tmp"];
  mlflow = JSON.parse(
    await runOk("docker", ["run", "--rm", "-i", ...hardening, image, "python", "-"], { input: script }),
  );
});

describe("MLflow's own list of routes", () => {
  test("is that of the release the table was written for", () => {
    expect(mlflow.version).toBe(ROUTE_TABLE.mlflow);
    expect(mlflow.routes.length).toBeGreaterThan(500);
  });

  test("has no route without a row in caddy/routes.json: read what it does in MLflow's source, and add it there", () => {
    expect(mlflow.routes.filter((route) => decidingRow(TABLE, ...concrete(route)) === undefined)).toEqual([]);
  });

  test("has a route for every row of caddy/routes.json: remove those that are gone", () => {
    const meant = new Set(
      mlflow.routes.map((route) => {
        const [method, path] = concrete(route);
        return `${method} of ${decidingRow(TABLE, method, path)?.route}`;
      }),
    );
    // A row for all methods closes a place as a whole, whatever is in it.
    const dead = TABLE.filter(({ methods }) => !methods.includes("*")).flatMap(({ methods, route }) =>
      methods.map((method) => `${method} of ${route}`).filter((row) => !meant.has(row)),
    );
    expect(dead).toEqual([]);
  });

  test("has the fields of GraphQL that caddy/routes.json lets readers ask for, and no others", () => {
    const { query, mutation } = mlflow.graphql;
    expect([...new Set([...query, ...mutation])].sort()).toEqual(ROUTE_TABLE.graphql.read);
  });
});

describe("a gateway with what is on by default", () => {
  const gateway = runningGateway(DEFAULT_FEATURES);

  test.each(CALLERS)("lets through, of all routes, what is allowed to the caller: %s", async (caller) => {
    const calls = everyAddress().map(([method, path]) => ({ caller, method, path, body: bodyFor(path) }));
    expect(calls.length).toBeGreaterThan(700);
    expect(await wrong(gateway(), DEFAULT_FEATURES, calls)).toEqual([]);
  });

  test.each(CALLERS)("takes an address with a slash at its end for the same: %s", async (caller) => {
    const calls = everyAddress()
      .filter(([method, path]) => method !== "HEAD" && !path.endsWith("/"))
      .map(([method, path]) => ({ caller, method, path: `${path}/`, body: bodyFor(path) }));
    expect(await wrong(gateway(), DEFAULT_FEATURES, calls)).toEqual([]);
  });

  test.each(CALLERS)("lets nobody but admins try what it does not know: %s", async (caller) => {
    const paths = ["/unknown", "/api/2.0/mlflow/unknown", "/ajax-api/4.0/mlflow/runs/get", "/API/2.0/mlflow/runs/get"];
    const calls = paths.flatMap((path) => METHODS.map((method) => ({ caller, method, path })));
    expect(await wrong(gateway(), DEFAULT_FEATURES, calls)).toEqual([]);
  });

  test("says which role is missing, in MLflow's form", async () => {
    const answer = await ask(gateway(), { caller: "read", method: "POST", path: "/api/2.0/mlflow/runs/create" }, 0);
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      403,
      { error_code: "PERMISSION_DENIED", message: "This call needs the role write." },
    ]);
  });

  test("passes an address on as it was asked for, so that MLflow finds the route that was judged", async () => {
    const names = ["a%20b.txt", "100%25.txt", "%C3%BC/%E6%A8%A1.bin", "a+b;c=d,e.txt"];
    const addresses = [
      ...everyAddress().filter(
        ([method, path]) => expected({ caller: "admin", method, path }, DEFAULT_FEATURES) === "200 reached",
      ),
      ...names.map((name) => ["PUT", `/api/2.0/mlflow-artifacts/artifacts/1/run/artifacts/${name}`] as const),
    ];
    const changed: string[] = [];
    for (const [method, path] of addresses) {
      upstream.forget();
      const { status } = await ask(gateway(), { caller: "admin", method, path, body: bodyFor(path) }, 0);
      const arrived = upstream.requests[0]?.url.split("?")[0];
      if (arrived === undefined || decodeURIComponent(arrived) !== decodeURIComponent(path)) {
        changed.push(`${method} ${path}: ${arrived ?? `nothing, but ${status}`}`);
      }
    }
    expect(changed).toEqual([]);
  });

  describe("asks the body of a GraphQL query", () => {
    const graphql = (caller: Caller, query: string) =>
      outcome(gateway(), { caller, method: "POST", path: "/graphql", body: JSON.stringify({ query }) });

    test("and lets readers ask for every field that only reads", async () => {
      for (const field of mlflow.graphql.query) {
        expect([field, await graphql("read", `{ ${field} { __typename } }`)]).toEqual([field, "200 reached"]);
      }
      for (const field of mlflow.graphql.mutation) {
        expect([field, await graphql("read", `mutation { ${field} { __typename } }`)]).toEqual([field, "200 reached"]);
      }
    });

    test.each([
      ["an unknown field", "{ mlflowDeleteRun { __typename } }"],
      ["an unknown field beside a known one", "{ test { output } mlflowDeleteRun { __typename } }"],
      ["an unknown field with a known one's name", "{ test: mlflowDeleteRun { __typename } }"],
      ["an unknown field in a fragment", "{ ...f } fragment f on Query { mlflowDeleteRun { __typename } }"],
      ["an unknown mutation", "mutation { mlflowDeleteRun { __typename } }"],
      ["an unknown field in another operation", "query a { test { output } } mutation b { mlflowDeleteRun { id } }"],
    ])("and leaves %s to admins", async (_title, query) => {
      expect(await graphql("read", query)).toBe("403 PERMISSION_DENIED");
      expect(await graphql("write", query)).toBe("403 PERMISSION_DENIED");
      expect(await graphql("admin", query)).toBe("200 reached");
    });
  });

  describe("asks the body of a new experiment", () => {
    const create = (caller: Caller, body: string) =>
      outcome(gateway(), { caller, method: "POST", path: "/api/2.0/mlflow/experiments/create", body });
    const inside = JSON.stringify({ name: "a", artifact_location: "mlflow-artifacts:/teams/a" });

    test("and lets writers keep files where all are kept", async () => {
      expect(await create("write", inside)).toBe("200 reached");
      expect(await create("write", JSON.stringify({ name: "a", artifact_location: "" }))).toBe("200 reached");
      expect(await create("read", inside)).toBe("403 PERMISSION_DENIED");
    });

    test.each(["file:///tmp/a", "/tmp/a", "s3://another-bucket/a", "mlflow-artifacts:/../a"])(
      "and lets only admins keep files at %s",
      async (artifact_location) => {
        const bodies = [
          JSON.stringify({ name: "a", artifact_location }),
          JSON.stringify({ name: "a", artifactLocation: artifact_location }),
          JSON.stringify(JSON.stringify({ name: "a", artifact_location })),
        ];
        for (const body of bodies) {
          expect(await create("read", body)).toBe("403 PERMISSION_DENIED");
          expect(await create("write", body)).toBe("403 PERMISSION_DENIED");
          expect(await create("admin", body)).toBe("200 reached");
        }
      },
    );
  });
});

describe("where the files of a trace are", () => {
  const gateway = runningGateway(DEFAULT_FEATURES);
  const location = "mlflow-artifacts:/0/traces";
  const tags = ["mlflow.artifactLocation", "mlflow.trace.archiveLocation"];
  const json = (value: unknown) => JSON.stringify(value);

  test.each(tags)("is for admins to say, however the tag is sent: %s", async (key) => {
    const sent: Array<[method: string, path: string, body?: string]> = [
      ["POST", "/api/2.0/mlflow/traces", json({ tags: [{ key, value: location }] })],
      ["PATCH", "/api/2.0/mlflow/traces/tr-1", json({ tags: [{ key, value: location }] })],
      ["PATCH", "/api/2.0/mlflow/traces/tr-1/tags", json({ key, value: location })],
      ["DELETE", "/api/2.0/mlflow/traces/tr-1/tags", json({ key })],
      ["POST", "/api/3.0/mlflow/traces", json({ trace: { trace_info: { tags: { [key]: location } } } })],
      ["POST", "/ajax-api/3.0/mlflow/traces", json({ trace: { trace_info: { tags: { [key]: location } } } })],
      ["PATCH", "/api/3.0/mlflow/traces/tr-1/tags", json({ key, value: location })],
      ["DELETE", "/api/3.0/mlflow/traces/tr-1/tags", json({ key })],
      ["POST", "/v1/traces", json({ attributes: [{ key: `mlflow.traceTag.${key}` }] })],
    ];
    for (const [method, path, body] of sent) {
      // MLflow may have heard of a trace that breaks off, even late, but not of its end.
      const by = async (caller: Caller) => {
        upstream.forget();
        const { status, body: answer } = await ask(gateway(), { caller, method, path, body }, 0);
        const ended = upstream.requests.filter(({ bodySha256 }) => bodySha256 !== undefined).length;
        return [path, status, ended === 0 ? errorCode(answer) : ended];
      };
      expect(await by("read")).toEqual([path, 403, "PERMISSION_DENIED"]);
      expect(await by("write")).toEqual([path, 403, "PERMISSION_DENIED"]);
      expect(await by("admin")).toEqual([path, 200, 1]);
    }
  });

  test("leaves other tags to writers", async () => {
    const by = (path: string, body: unknown) =>
      outcome(gateway(), { caller: "write", method: "POST", path, body: json(body) });
    expect(await by("/api/3.0/mlflow/traces", { trace: { trace_info: { tags: { team: "a" } } } })).toBe("200 reached");
    expect(await by("/v1/traces", { attributes: [{ key: "mlflow.traceTag.team" }] })).toBe("200 reached");
  });
});

describe.each([
  ...FEATURES.map((feature) => [`${feature} alone`, [feature]] as const),
  ["all features", FEATURES] as const,
  ["no feature", []] as const,
])("a gateway with %s", (_title, features) => {
  const gateway = runningGateway(features);

  test.each(CALLERS)("lets through, of their routes, what is allowed to the caller: %s", async (caller) => {
    const calls = everyAddress()
      .filter(([method, path]) => decidingRow(TABLE, method, path)?.group.feature !== undefined)
      .map(([method, path]) => ({ caller, method, path }));
    expect(calls.length).toBeGreaterThan(150);
    expect(await wrong(gateway(), features, calls)).toEqual([]);
  });
});

describe("a feature that is off", () => {
  const gateway = runningGateway([]);

  test.each(FEATURES)("is named by the answer: %s", async (feature) => {
    const row = TABLE.find(({ group }) => group.feature === feature);
    const answer = await ask(gateway(), { caller: "admin", method: row!.methods[0], path: example(row!.path) }, 0);
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      403,
      { error_code: "FEATURE_DISABLED", message: expect.stringContaining(`${feature} is switched off`) },
    ]);
  });
});

/** A gateway for the tests of this `describe`, with a user of every role. */
function runningGateway(features: readonly string[]): () => GatewayContainer {
  let gateway: GatewayContainer | undefined;
  beforeAll(async () => {
    gateway = await GatewayContainer.start({
      settings: { UPSTREAM: `mlflow-server:${upstream.port}`, FEATURES: features.join(" ") },
      users: Object.entries(PASSWORDS).map(([role, password]) => ({ name: role, role, password })),
    });
  });
  afterAll(async () => gateway?.remove());
  return () => gateway!;
}

/** Every route as MLflow lists it, with HEAD where GET is, and every method of what is closed as a whole. */
function everyAddress(): Array<readonly [method: string, path: string]> {
  const listed = mlflow.routes.map(concrete).flatMap(([method, path]) => {
    const methods = method === "GET" ? ["GET", "HEAD"] : [method];
    return methods.map((method) => [method, path] as const);
  });
  const whole = TABLE.filter(({ methods }) => methods[0] === "*").flatMap(({ path }) =>
    METHODS.map((method) => [method, example(path)] as const),
  );
  return [...listed, ...whole];
}

/** Those calls that became of what should not, as "who method address: what, not what". */
async function wrong(
  gateway: GatewayContainer,
  features: readonly string[],
  calls: readonly Call[],
): Promise<string[]> {
  upstream.forget();
  const problems: string[] = [];
  const waiting = calls.map((call, i) => [call, i] as const);
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [call, id] = next;
      const { status, body } = await ask(gateway, call, id);
      const wanted = expected(call, features);
      const found = `${status} ${call.method === "HEAD" ? wanted.split(" ")[1] : (errorCode(body) ?? "reached")}`;
      const reached = upstream.requests.some(({ url }) => url.endsWith(`?call=${id}`));
      if (found !== wanted || reached !== (wanted === "200 reached" && !isAnsweredByGateway(call))) {
        const where = reached ? "reached MLflow" : "did not reach MLflow";
        problems.push(`${call.caller} ${call.method} ${call.path}: ${found} and ${where}, not ${wanted}`);
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  return problems.sort();
}

/** What has to become of a call, by the table. */
function expected({ caller, method, path }: Call, features: readonly string[]): string {
  if (caller === "anonymous") return "401 UNAUTHENTICATED";
  const group = decidingRow(TABLE, method, path)?.group ?? { need: "admin" as const, feature: undefined };
  if (group.feature !== undefined && !features.includes(group.feature)) return "403 FEATURE_DISABLED";
  if (group.need === "closed") return "404 ENDPOINT_NOT_FOUND";
  // of whom the table's example of a name is not the own workspace.
  if (group.need === "workspace" && caller !== "admin" && !path.endsWith("/workspaces")) {
    return "404 RESOURCE_DOES_NOT_EXIST";
  }
  return CALLERS.indexOf(caller) >= CALLERS.indexOf(needOf(group.need, features))
    ? "200 reached"
    : "403 PERMISSION_DENIED";
}

/** Who is no admin gets the list of their own workspace from the gateway. */
function isAnsweredByGateway({ caller, path }: Call): boolean {
  return caller !== "admin" && path.endsWith("/workspaces");
}

/** The role for the bodies that `bodyFor` gives. */
function needOf(need: Row["group"]["need"], features: readonly string[]): Caller {
  if (need === "graphql" || need === "workspace") return "read";
  if (need === "scorer") return features.includes("jobExecution") ? "admin" : "write";
  if (["create-experiment", "trace-tags", "parts"].includes(need)) return "write";
  return need as Caller;
}

function bodyFor(path: string): string | undefined {
  if (path === "/graphql") return QUERY;
  if (path.includes("/mpu/create/")) return PARTS;
  return path.endsWith("/experiments/create") ? EXPERIMENT : undefined;
}

async function outcome(gateway: GatewayContainer, call: Call): Promise<string> {
  upstream.forget();
  const { status, body } = await ask(gateway, call, 0);
  return `${status} ${upstream.requests.length === 1 ? "reached" : errorCode(body)}`;
}

async function ask(
  { origin }: GatewayContainer,
  { caller, method, path, body }: Call,
  id: number,
): Promise<{ status: number; body: string }> {
  const headers = [
    ...(caller === "anonymous" ? [] : [basicAuth(caller, PASSWORDS[caller])]),
    ...(body === undefined ? [] : ([["Content-Type", "application/json"]] as const)),
  ];
  const answer = await send(origin, { method, path: `${path}?call=${id}`, headers, body });
  return { status: answer.status, body: answer.body.toString() };
}

function errorCode(body: string): string | undefined {
  return body.startsWith("{") ? (JSON.parse(body) as { error_code: string }).error_code : undefined;
}

function concrete(route: string): [method: string, path: string] {
  const [method = "", path = ""] = route.split(" ");
  return [method, example(path)];
}
