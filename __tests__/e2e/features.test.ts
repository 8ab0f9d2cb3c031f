import { readFileSync } from "node:fs";
import type { BrowserContext } from "playwright-core";
import { Role } from "../../lib";
import { packagePath } from "../../lib/values/package-folder";
import { openBrowser } from "../support/clients/browser";
import { markdownTable } from "../support/docs/markdown-table";
import { removeLeftovers } from "../support/stacks/deployment";
import { FeatureStack } from "../support/stacks/feature-stack";
import { runOk } from "../support/run";
import { decidingRow, example, ROUTE_TABLE, rows } from "../support/route-table";

jest.setTimeout(10 * 60_000);

const stack = new FeatureStack("e2e-feat", 21200);

const CALLERS = ["anonymous", "read", "write", "admin"] as const;
type Caller = (typeof CALLERS)[number];
const NAMES = { anonymous: undefined, read: "rob", write: "wes", admin: "ada" };
const TABLE = rows(ROUTE_TABLE);
const FEATURES = [...new Set(ROUTE_TABLE.groups.flatMap(({ feature }) => feature ?? []))].sort();
// those that need nothing but the stack itself.
const ON = ["jobExecution", "metrics", "telemetry", "traces", "workspaces"];

const USERS = [
  { name: "ada", role: Role.ADMIN },
  { name: "wes", role: Role.WRITE },
  { name: "rob", role: Role.READ },
  { name: "eve", role: Role.WRITE },
  { name: "dan", role: Role.READ },
];
const WORKSPACES: { readonly [name: string]: string } = { wes: "vision", rob: "vision", eve: "speech" };

beforeAll(async () => removeLeftovers(stack.id));
afterAll(async () => stack.remove());

/** What has to become of a call, by the table and what is on. */
function expected(caller: Caller, method: string, path: string, on: readonly string[]): string {
  if (caller === "anonymous") return "401 UNAUTHENTICATED, not reached";
  const group = decidingRow(TABLE, method, path)?.group;
  if (!on.includes(group?.feature ?? "")) return "403 FEATURE_DISABLED, not reached";
  if (group?.need === "closed") return "404 ENDPOINT_NOT_FOUND, not reached";
  if (group?.need === "workspace" && caller !== "admin") {
    return path.endsWith("/workspaces") ? "200, not reached" : "404 RESOURCE_DOES_NOT_EXIST, not reached";
  }
  const need = group?.need === "workspace" ? "read" : (group?.need as Caller);
  return CALLERS.indexOf(caller) >= CALLERS.indexOf(need) ? "reached" : "403 PERMISSION_DENIED, not reached";
}

/** All routes of a feature by all callers: those that went otherwise than they should. */
async function wrong(feature: string, on: readonly string[]): Promise<string[]> {
  const calls = TABLE.filter(({ group }) => group.feature === feature).flatMap(({ methods, path }) =>
    methods.flatMap((method) => CALLERS.map((caller) => ({ caller, method, path: example(path) }))),
  );
  expect(calls.length).toBeGreaterThan(3);
  const answers: { wanted: string; found: string; id: number; call: string }[] = [];
  for (const { caller, method, path } of calls) {
    const { status, body, id } = await stack.ask(NAMES[caller], method, path);
    const error = /"error_code": ?"(\w+)"/.exec(body.toString())?.[1];
    const found = `${status}${error ? ` ${error}` : ""}`;
    const wanted = expected(caller, method, path, on);
    if (wanted.includes("FEATURE_DISABLED")) expect(body.toString()).toContain(`${feature} is switched off`);
    answers.push({ wanted, found, id, call: `${caller} ${method} ${path}` });
  }
  const reached = await stack.reached();
  return answers.flatMap(({ wanted, found, id, call }) => {
    const outcome = reached.has(id) ? "reached" : `${found}, not reached`;
    return outcome === wanted ? [] : [`${call}: ${outcome}, should be: ${wanted}`];
  });
}

describe("With every feature on that needs nothing else", () => {
  beforeAll(async () =>
    stack.up({
      features: { jobExecution: true, metrics: true, telemetry: true, traces: true, workspaces: true },
      users: USERS.map((user) => ({ ...user, workspace: WORKSPACES[user.name] })),
      // not where MLflow reports to: what it would send stays here.
      egress: { hosts: ["reports.example.com"] },
    }),
  );

  test("the second plan is empty", async () => {
    expect(await stack.plan()).toEqual({});
  });

  test.each(FEATURES)("its routes are for whom the table says: %s", async (feature) => {
    expect(await wrong(feature, ON)).toEqual([]);
  });

  test("traces of an OpenTelemetry client are kept", async () => {
    const printed = await stack.as("wes", SEND_A_TRACE);

    expect(printed).toContain("STATUS 200");
    expect(printed).toContain("TRACES 1");
  });

  test("a job of an admin runs, and its result is with the trace", async () => {
    const printed = await stack.as("ada", SCORE_A_TRACE);

    expect(printed).toContain("STATUS SUCCEEDED");
    expect(printed).toContain("RESULT response_length yes");
  });

  test("pages of MLflow are told by MLflow whether to report", async () => {
    const { status, body } = await stack.ask("rob", "GET", "/ajax-api/3.0/mlflow/ui-telemetry");

    expect([status, JSON.parse(body.toString())]).toEqual([
      200,
      expect.objectContaining({ disable_ui_telemetry: expect.any(Boolean) }),
    ]);
  });

  test("containers reach each other as the table in SECURITY.md says", async () => {
    const containers: { [name: string]: readonly [container: string, port: number] } = {
      gateway: [`${stack.id}-gateway`, 21200],
      server: [`${stack.id}-server`, 5000],
      database: [`${stack.id}-postgres`, 5432],
      store: [`${stack.id}-minio`, 9000],
      "egress entry": [`${stack.id}-server-egress-entry`, 443],
      "egress proxy": [`${stack.id}-server-egress`, 443],
    };
    const table = markdownTable(readFileSync(packagePath("SECURITY.md"), "utf8"), "| from ");
    expect(table.map(({ from }) => from)).toEqual([...Object.keys(containers), "your container"]);

    const found = await Promise.all(
      table.map(async ({ from = "" }) => {
        const network = containers[from] ? `container:${containers[from][0]}` : `${stack.id}-network-edge`;
        const others = Object.entries(containers).filter(([name]) => name !== from);
        const reached = await stack.reach(network, Object.fromEntries(others));
        return { from, ...Object.fromEntries(others.map(([name]) => [name, reached.includes(name) ? "yes" : "no"])) };
      }),
    );
    expect(found.map((row) => ({ [row.from]: "", ...row }))).toEqual(
      table.map((row) => (row.from === "your container" ? { ...row, "your container": "" } : row)),
    );
  });

  test("metrics are read on the internal network, of all workers, and by nobody through the gateway", async () => {
    const read = `import urllib.request as u; print(u.urlopen("http://${stack.id}-server:5000/metrics").read().decode())`;
    const count = (text: string) =>
      [...text.matchAll(/^mlflow_http_request_total\{.*\} ([\d.]+)$/gm)].reduce(
        (sum, [, value]) => sum + Number(value),
        0,
      );
    const before = count(await stack.inside(read));
    for (let i = 0; i < 20; i++) await stack.ask("rob", "GET", "/api/2.0/mlflow/experiments/get?experiment_id=1");
    const text = await stack.inside(read);

    expect(count(text) - before).toBeGreaterThanOrEqual(20);
    expect(text).not.toMatch(/experiment|user="|path="/);
    for (const path of ["/metrics", "/metrics/", "/%6detrics"]) {
      expect((await stack.ask("ada", "GET", path)).status).toBe(404);
    }
  });

  test("MLflow answers the gateway, and nobody else on the internal network", async () => {
    const asked = ["/", "/version", "/api/2.0/mlflow/experiments/get?experiment_id=0", "/health/x", "/metrics/x", "/v1/traces", "/ajax-api/3.0/mlflow/assistant/config"]; // prettier-ignore
    const printed = await stack.inside(`
import json, urllib.error, urllib.request
answers = []
for path in ["/health", "/metrics", *${JSON.stringify(asked)}]:
    for method in ("GET", "POST"):
        for key in (None, "", "0" * 32):
            headers = {"Host": "localhost:21200", **({} if key is None else {"X-Gateway-Key": key})}
            try:
                status = urllib.request.urlopen(urllib.request.Request("http://${stack.id}-server:5000" + path, method=method, headers=headers)).status
            except urllib.error.HTTPError as error:
                status = error.code
            answers.append([method, path, status])
print(json.dumps(answers))
`);
    const answers = JSON.parse(printed) as [method: string, path: string, status: number][];
    const open = new Set(answers.filter(([, , status]) => status !== 403).map((answer) => answer.join(" ")));

    expect(answers.length).toBe(6 * (asked.length + 2));
    expect([...open]).toEqual(["GET /health 200", "GET /metrics 200"]);
  });

  test("MLflow's commands in the server's container reach the server", async () => {
    const { code, stdout, stderr } = await stack.mlflow({ MLFLOW_TRACKING_URI: "http://127.0.0.1:5000" }, "experiments", "search"); // prettier-ignore
    expect([code, stdout + stderr]).toEqual([0, expect.stringContaining("Default")]);
  });

  describe("workspaces", () => {
    let made: { experiment: string; run: string; artifact: string };

    beforeAll(async () => {
      const printed = await stack.as("wes", LOG_A_RUN);
      made = JSON.parse(/^MADE (.*)$/m.exec(printed)?.[1] ?? "{}");
    });

    const names = async (user: string, header?: readonly [string, string]) => {
      const { status, body } = await stack.ask(user, "POST", "/api/2.0/mlflow/experiments/search", {
        body: '{"max_results": 100}',
        headers: header ? [header] : [],
      });
      expect(status).toBe(200);
      const { experiments = [] } = JSON.parse(body.toString()) as { experiments?: { name: string }[] };
      return experiments.map(({ name }) => name).filter((name) => name !== "Default");
    };

    /** Id and place of files of a new run of an admin. */
    const runOfDefault = async (script = LOG_IN_DEFAULT) => {
      const [, run = "", location = ""] =
        /^RUN (\w+) (.*)$/m.exec(await stack.as("ada", `import mlflow\n${script}`)) ?? [];
      return [run, location] as const;
    };
    const note = async (run: string, path = "note.txt") =>
      (await stack.ask("dan", "GET", `/get-artifact?run_id=${run}&path=${path}`)).body.toString();

    test("are shared by their users, and hidden from those of others", async () => {
      expect(await names("wes")).toEqual(["of vision"]);
      expect(await names("rob")).toEqual(["of vision"]);
      expect(await names("eve")).toEqual([]);
      expect(await names("ada")).toEqual([]);
    });

    test.each([
      ...["X-MLFLOW-WORKSPACE", "x-mlflow-workspace", "X_MLFLOW_WORKSPACE", "X-MLFLOW_WORKSPACE"].map(
        (name) => [name, "vision"] as const,
      ),
      ["X-MLFLOW-WORKSPACE", "default"],
      ["X-MLFLOW-WORKSPACE", ""],
      ["Connection", "X-MLFLOW-WORKSPACE"],
    ] as const)("are not chosen by who is no admin: %s: %s", async (name, value) => {
      expect(await names("eve", [name, value])).toEqual([]);
      expect(await names("rob", [name, value])).toEqual(["of vision"]);
    });

    test("are chosen by admins", async () => {
      expect(await names("ada", ["X-MLFLOW-WORKSPACE", "vision"])).toEqual(["of vision"]);
      expect(await names("ada", ["X-MLFLOW-WORKSPACE", "speech"])).toEqual([]);
    });

    test("keep what is in them from every other way of reading it", async () => {
      const asked: [method: string, path: string, body?: string][] = [
        ["GET", `/api/2.0/mlflow/experiments/get?experiment_id=${made.experiment}`],
        ["GET", "/api/2.0/mlflow/experiments/get-by-name?experiment_name=of%20vision"],
        ["GET", `/api/2.0/mlflow/runs/get?run_id=${made.run}`],
        ["GET", `/api/2.0/mlflow/metrics/get-history?run_id=${made.run}&metric_key=loss`],
        ["GET", `/api/2.0/mlflow/artifacts/list?run_id=${made.run}`],
        ["GET", `/get-artifact?run_id=${made.run}&path=note.txt`],
        ["GET", `/api/2.0/mlflow-artifacts/artifacts/${made.artifact}`],
        ["GET", `/api/2.0/mlflow-artifacts/artifacts?path=${made.artifact.replace(/\/[^/]+$/, "")}`],
        ["GET", `/api/2.0/mlflow-artifacts/presigned/${made.artifact}`],
        ["GET", "/api/2.0/mlflow/registered-models/get?name=model-of-vision"],
        ["GET", "/api/2.0/mlflow/model-versions/get?name=model-of-vision&version=1"],
        ["GET", "/model-versions/get-artifact?name=model-of-vision&version=1&path=MLmodel"],
        ["PUT", `/api/2.0/mlflow-artifacts/artifacts/${made.artifact}`, "overwritten"],
        ["POST", "/api/2.0/mlflow/runs/update", JSON.stringify({ run_id: made.run, status: "FAILED" })],
        ["POST", "/api/2.0/mlflow/experiments/delete", JSON.stringify({ experiment_id: made.experiment })],
      ];
      const open: string[] = [];
      for (const [method, path, body] of asked) {
        const own = method === "GET" ? (await stack.ask("wes", method, path)).status : 200;
        const { status, body: answer } = await stack.ask("eve", method, path, { body });
        if (own !== 200 || status < 400) open.push(`${method} ${path}: ${own}, ${status} ${answer.toString()}`);
      }
      expect(open).toEqual([]);

      const query = `{ mlflowGetRun(input: { runId: "${made.run}" }) { run { info { runName } } } }`;
      const graphql = await stack.ask("eve", "POST", "/graphql", { body: JSON.stringify({ query }) });
      expect(graphql.body.toString()).not.toContain("first-run");

      const printed = await stack.as("eve", `${TRACE}\nprint("STATUS", send("${made.experiment}").status_code)`);
      expect(printed).toMatch(/^STATUS 4\d\d$/m);
    });

    test("do not show the folder of all of them to who works in the default one", async () => {
      const list = (user: string) => stack.ask(user, "GET", "/api/2.0/mlflow-artifacts/artifacts?path=workspaces");

      expect((await list("dan")).status).toBe(403);
      expect((await list("ada")).body.toString()).toContain("vision");
    });

    test("are listed whole to admins only, who create and delete them", async () => {
      const listed = async (user: string) => {
        const { body } = await stack.ask(user, "GET", "/ajax-api/3.0/mlflow/workspaces");
        const { workspaces } = JSON.parse(body.toString()) as { workspaces: { name: string }[] };
        return workspaces.map(({ name }) => name);
      };
      expect(await listed("eve")).toEqual(["speech"]);
      expect(await listed("ada")).toEqual(["default", "speech", "vision"]);

      const printed = await stack.as("ada", MANAGE_WORKSPACES);
      expect(printed).toContain("CREATED ['default', 'sound', 'speech', 'vision']");
      expect(printed).toContain("SEEN ['of sound']");
      expect(printed).toContain("DELETED ['default', 'speech', 'vision']");
    });

    test("are offered by MLflow's page: to who is no admin their own", async () => {
      const browser = await openBrowser("eve", stack.passwordOf("eve"));
      try {
        const page = await browser.newPage();
        page.setDefaultTimeout(60_000);
        await page.goto(stack.url);
        await page.getByText("speech").first().waitFor();
        expect(await page.getByText("vision").count()).toBe(0);
      } finally {
        await browser.close();
      }
    });

    // this is the first deployment of the stack, so nothing but its jobs came before the server.
    test("leave the files of the experiment Default on the server, from the first deployment on", async () => {
      const [run, location] = await runOfDefault();
      const { body } = await stack.ask("ada", "GET", "/api/2.0/mlflow/experiments/get?experiment_id=0");

      expect(JSON.parse(body.toString())).toMatchObject({ experiment: { artifact_location: "mlflow-artifacts:/0" } });
      expect(location).toBe(`mlflow-artifacts:/0/${run}/artifacts`);
      expect(await note(run)).toBe("a note");
    });

    test("leave what MLflow's pages upload in the default one where runs of it are read", async () => {
      for (const script of [LOG_IN_DEFAULT, `mlflow.set_experiment("another of default")\n${LOG_IN_DEFAULT}`]) {
        const [run] = await runOfDefault(script);
        const upload = `/ajax-api/2.0/mlflow/upload-artifact?run_uuid=${run}&path=page.txt`;

        expect((await stack.ask("ada", "POST", upload, { body: '"by a page"' })).status).toBe(200);
        expect(await note(run, "page.txt")).toBe('"by a page"');
      }
    });

    test("that an older release began with another location are repaired, and what lost files is named", async () => {
      const [run] = await runOfDefault();
      const experiment = "update experiments set artifact_location = '/mlruns/0' where experiment_id = 0;";
      const runs = `update runs set artifact_uri = replace(artifact_uri, 'mlflow-artifacts:/0', '/mlruns/0') where run_uuid = '${run}';`;
      await runOk("docker", ["exec", "-i", `${stack.id}-postgres`, "psql", "-U", "mlflow"], {
        input: experiment + runs,
      });
      expect((await stack.ask("ada", "GET", `/get-artifact?run_id=${run}&path=note.txt`)).status).not.toBe(200);

      const printed = await runOk("docker", ["start", "--attach", `${stack.id}-server-migration`]);

      expect(printed).toContain("Experiment 0 had its files in /mlruns/0");
      expect(printed.match(/^  \w.*$/gm)).toEqual([`  run ${run}`]);
      expect(await note(run)).toBe("a note");
      expect((await runOfDefault())[1]).toMatch("mlflow-artifacts:/0/");
      expect(await runOk("docker", ["start", "--attach", `${stack.id}-server-migration`])).not.toContain(
        "Experiment 0",
      );
    });

    test("cannot be switched off while anything lies in one", async () => {
      const server = ["--env-file", "/run/secrets/mlflow.env", "server"];
      const off = { MLFLOW_ENABLE_WORKSPACES: "false", MLFLOW_PORT: "5099", MLFLOW_WORKERS: "1" };
      const { code, stdout, stderr } = await stack.mlflow(off, ...server);

      expect(code).not.toBe(0);
      expect(stdout + stderr).toContain(
        "Cannot disable workspaces because experiments exist outside the default workspace",
      );
    });

    test("can be switched off when all was moved to the default one", async () => {
      const move = ["db", "migrate-to-default-workspace", "postgresql+psycopg2:///?service=mlflow", "--yes"];
      const { code, stdout, stderr } = await stack.mlflow({}, ...move);
      expect([code, `${stdout}${stderr}`]).toEqual([0, expect.stringContaining("to the default workspace")]);

      await stack.up({ features: {}, users: USERS });
      expect(await names("eve")).toContain("of vision");
      expect((await stack.ask("eve", "GET", `/get-artifact?run_id=${made.run}&path=note.txt`)).body.toString()).toBe(
        "a note",
      );
    });
  });
});

describe("With every feature off", () => {
  beforeAll(async () => stack.up({ features: { traces: false }, users: USERS }));

  test("the second plan is empty", async () => {
    expect(await stack.plan()).toEqual({});
  });

  test("a request that is let through is seen to reach MLflow", async () => {
    const { status, id } = await stack.ask("rob", "GET", "/api/2.0/mlflow/users/current");

    expect([status, await stack.reached()]).toEqual([404, expect.any(Set)]);
    expect(await stack.reached()).toContain(id);
  });

  test.each(FEATURES)("none of its routes reaches MLflow, and the answer says so: %s", async (feature) => {
    expect(await wrong(feature, [])).toEqual([]);
  });

  test("MLflow itself knows of none", async () => {
    const { body } = await stack.ask("rob", "GET", "/ajax-api/3.0/mlflow/server-info");

    expect(JSON.parse(body.toString())).toMatchObject({ workspaces_enabled: false });
    expect(body.toString()).not.toMatch(/"gateway": ?true/);
    const asked = `import urllib.request as u; u.urlopen(u.Request("http://${stack.id}-server:5000/metrics", headers={"Host": "localhost:21200"}))`;
    await expect(stack.inside(asked)).rejects.toThrow("HTTP Error 404");
  });

  test("to delete for good, and to say where files lie, is for admins", async () => {
    const file = "/api/2.0/mlflow-artifacts/artifacts/0/kept.txt";
    const model = "/api/2.0/mlflow/registered-models";
    const forAdmins: [method: string, path: string, body?: string][] = [
      ["DELETE", file],
      ["DELETE", `${model}/delete`, '{"name":"kept"}'],
      ["POST", "/api/2.0/mlflow/experiments/create", '{"name":"away","artifact_location":"s3://another-bucket/1"}'],
    ];
    const each = async (user: string) => {
      const answers: number[] = [];
      for (const [method, path, body] of forAdmins)
        answers.push((await stack.ask(user, method, path, { body })).status);
      return answers;
    };
    const left = async () => {
      const answers = [file, `${model}/get?name=kept`].map(
        async (path) => (await stack.ask("rob", "GET", path)).status,
      );
      return Promise.all(answers);
    };
    expect((await stack.ask("wes", "PUT", file, { body: "kept" })).status).toBe(200);
    expect((await stack.ask("wes", "POST", `${model}/create`, { body: '{"name":"kept"}' })).status).toBe(200);

    expect([await each("rob"), await each("wes"), await left()]).toEqual([[403, 403, 403], [403, 403, 403], [200, 200]]); // prettier-ignore
    expect(await each("ada")).toEqual([200, 200, 200]);
    for (const status of await left()) expect(status).toBeGreaterThanOrEqual(400);

    // so that it is in no list of the tests that follow.
    const { body } = await stack.ask("ada", "GET", "/api/2.0/mlflow/experiments/get-by-name?experiment_name=away");
    const { experiment } = JSON.parse(body.toString()) as { experiment: { [name: string]: string } };
    expect(experiment.artifact_location).toMatch("s3://another-bucket/1");
    const gone = JSON.stringify({ experiment_id: experiment.experiment_id });
    expect((await stack.ask("ada", "POST", "/api/2.0/mlflow/experiments/delete", { body: gone })).status).toBe(200);
  });

  test("a workspace that a client names is not heard of", async () => {
    for (const user of ["rob", "ada"]) {
      const headers = [["X-MLFLOW-WORKSPACE", "vision"]] as const;
      const path = "/api/2.0/mlflow/experiments/get?experiment_id=0";
      expect((await stack.ask(user, "GET", path, { headers })).status).toBe(200);
    }
  });

  test("the pages still open", async () => {
    const browser: BrowserContext = await openBrowser("rob", stack.passwordOf("rob"));
    try {
      const page = await browser.newPage();
      const errors: string[] = [];
      page.on("pageerror", ({ message }) => errors.push(message));
      page.setDefaultTimeout(60_000);
      await page.goto(`${stack.url}/#/experiments`);
      await page.getByRole("link", { name: "Default" }).first().waitFor();
      expect(errors).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});

// what an OpenTelemetry client sends.
const TRACE = `
import os, time, mlflow, requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
def send(experiment):
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    span.trace_id, span.span_id, span.name = os.urandom(16), os.urandom(8), "asked"
    span.start_time_unix_nano = time.time_ns()
    span.end_time_unix_nano = time.time_ns() + 1000
    return requests.post(
        os.environ["MLFLOW_TRACKING_URI"] + "/v1/traces",
        data=request.SerializeToString(),
        headers={"Content-Type": "application/x-protobuf", "x-mlflow-experiment-id": experiment},
        auth=(os.environ["MLFLOW_TRACKING_USERNAME"], os.environ["MLFLOW_TRACKING_PASSWORD"]),
    )
`;

const SEND_A_TRACE = `${TRACE}
experiment = mlflow.create_experiment("of traces")
print("STATUS", send(experiment).status_code)
print("TRACES", len(mlflow.search_traces(locations=[experiment], return_type="list")))
mlflow.delete_experiment(experiment)
`;

const SCORE_A_TRACE = `
import json, mlflow, os, requests, time
from mlflow.genai.scorers import ResponseLength
with mlflow.start_span("answer") as span:
    span.set_inputs({"question": "why"})
    span.set_outputs("because")
mlflow.flush_trace_async_logging()
trace = mlflow.get_last_active_trace_id()
login = (os.environ["MLFLOW_TRACKING_USERNAME"], os.environ["MLFLOW_TRACKING_PASSWORD"])
def call(method, path, **body):
    answer = requests.request(method, os.environ["MLFLOW_TRACKING_URI"] + "/ajax-api/3.0/" + path, json=body or None, auth=login)
    assert answer.ok, answer.text
    return answer.json()
made = call(
    "POST",
    "mlflow/scorer/invoke",
    experiment_id="0",
    serialized_scorer=json.dumps(ResponseLength(max_length=10).model_dump()),
    trace_ids=[trace],
    log_assessments=True,
)
end = time.monotonic() + 120
while (job := call("GET", "jobs/" + made["jobs"][0]["job_id"]))["status"] in ("PENDING", "RUNNING"):
    assert time.monotonic() < end, job
    time.sleep(1)
print("STATUS", job["status"], job)
for assessment in mlflow.get_trace(trace).info.assessments:
    print("RESULT", assessment.name, assessment.value)
`;

const LOG_A_RUN = `
import json, mlflow
mlflow.set_experiment("of vision")
with mlflow.start_run(run_name="first-run") as run:
    mlflow.log_metric("loss", 0.5)
    mlflow.log_text("a note", "note.txt")
    mlflow.pyfunc.log_model(name="model", python_model=lambda model_input: model_input, registered_model_name="model-of-vision", pip_requirements=[])
artifact = run.info.artifact_uri.removeprefix("mlflow-artifacts:/") + "/note.txt"
print("MADE", json.dumps({"experiment": run.info.experiment_id, "run": run.info.run_id, "artifact": artifact}))
`;

const LOG_IN_DEFAULT = `
with mlflow.start_run() as run:
    mlflow.log_text("a note", "note.txt")
print("RUN", run.info.run_id, run.info.artifact_uri)
`;

const MANAGE_WORKSPACES = `
import mlflow
client = mlflow.MlflowClient()
listed = lambda: sorted(workspace.name for workspace in client.list_workspaces())
client.create_workspace("sound")
print("CREATED", listed())
mlflow.set_workspace("sound")
experiment = mlflow.create_experiment("of sound")
print("SEEN", [one.name for one in mlflow.search_experiments() if one.name != "Default"])
mlflow.set_workspace("default")
client.delete_workspace("sound", mode="CASCADE")
print("DELETED", listed())
`;
