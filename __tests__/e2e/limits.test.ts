import { ArtifactStack } from "../support/stacks/artifact-stack";
import { runOk } from "../support/run";
import { loadServer } from "../support/clients/server-load";
import { memoryOf, mishapsOf, peakWhile } from "../support/clients/service-watch";

jest.setTimeout(5 * 60_000);

const ID = "e2e-limits";
const SERVER = `${ID}-server`;
/** The least that two workers are accepted with. */
const CONNECTIONS = 34;
const stack = new ArtifactStack(ID, 21410);

/** What every script begins with: `post` with a body as it is, and `at_once`. */
const CLIENT = `
import gzip, json, requests, time, zlib
from concurrent.futures import ThreadPoolExecutor
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

ROOT, LOGIN = os.environ["MLFLOW_TRACKING_URI"], ("admin", os.environ["MLFLOW_TRACKING_PASSWORD"])

def post(path, body, **headers):
    return requests.post(ROOT + path, body, auth=LOGIN, headers={name.replace("_", "-"): value for name, value in headers.items()}, timeout=120)

def at_once(count, call):
    with ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(call) for _ in range(count)]]

def traces(size):
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    span.trace_id, span.span_id, span.name = os.urandom(16), os.urandom(8), "a span"
    span.start_time_unix_nano, span.end_time_unix_nano = 1700000000000000000, 1700000001000000000
    attribute = span.attributes.add()
    attribute.key, attribute.value.string_value = "text", "x" * size
    return request.SerializeToString()

def send_traces(body, encoding=None, kind="application/x-protobuf"):
    return post("/v1/traces", body, Content_Type=kind, X_Mlflow_Experiment_Id="0", **({"Content_Encoding": encoding} if encoding else {}))
`;

/** The only line of JSON of an output. */
function answer<T>(output: string): T {
  return JSON.parse(output.trim().split("\n").at(-1) ?? "") as T;
}

/** Asks the database as its owner. */
async function sql(text: string): Promise<string> {
  return (await runOk("docker", ["exec", `${ID}-postgres`, "psql", "-U", "mlflow", "-Atc", text])).trim();
}

const connections = async () =>
  Number(await sql("select count(*) from pg_stat_activity where usename = 'mlflow' and pid <> pg_backend_pid()"));

beforeAll(() => stack.up({ database: `connectionLimit: ${CONNECTIONS}` }));

afterAll(() => stack.remove());

afterEach(async () => {
  expect(await mishapsOf(SERVER)).toEqual({ kills: 0, restarts: 0 });
  expect(await mishapsOf(`${ID}-gateway`)).toEqual({ kills: 0, restarts: 0 });
  expect(await mishapsOf(`${ID}-postgres`)).toEqual({ kills: 0, restarts: 0 });
});

describe("Traces", () => {
  test("are unpacked for MLflow", async () => {
    const output = await stack.client(`${CLIENT}
packed = [send_traces(gzip.compress(traces(1000)), "gzip"), send_traces(zlib.compress(traces(1000)), "deflate")]
print(json.dumps([answer.status_code for answer in [*packed, send_traces(traces(1000))]]))
`);

    expect(answer(output)).toEqual([200, 200, 200]);
  });

  test("that become too much are refused, and MLflow hears nothing of them", async () => {
    const before = await memoryOf(SERVER);
    const { result, peak } = await peakWhile(
      stack.client(`${CLIENT}
body = gzip.compress(bytes((64 << 20) + 1))
print(json.dumps([len(body) < 1 << 20, sorted({answer.status_code for _ in range(3) for answer in at_once(8, lambda: send_traces(body, "gzip"))})]))
`),
      () => memoryOf(SERVER),
    );

    expect(answer(result)).toEqual([true, [413]]);
    expect(peak - before).toBeLessThan(48);
  });

  test("as large as they may be are taken by a server that stays", async () => {
    const output = await stack.client(`${CLIENT}
body = gzip.compress(traces((64 << 20) - 1000), 1)
print(json.dumps([answer.status_code for answer in at_once(2, lambda: send_traces(body, "gzip"))]))
`);

    expect(answer<number[]>(output)).toEqual([200, 200]);
  });

  test("and all other calls are refused in encodings that nobody unpacks", async () => {
    const output = await stack.client(`${CLIENT}
call = b'{"experiment_id": "0"}'
packed = {"gzip": gzip.compress(call), "deflate": zlib.compress(call), "zstd": call, "br": call}
paths = ["/api/2.0/mlflow/runs/create", "/api/2.0/mlflow/experiments/create", "/graphql", "/api/3.0/mlflow/traces/a/tags"]
statuses = [post(path, body, Content_Encoding=encoding).status_code for path in paths for encoding, body in packed.items()]
statuses += [send_traces(traces(10), encoding).status_code for encoding in ("zstd", "br", "gzip, gzip")]
print(json.dumps(sorted(set(statuses))))
`);

    expect(answer(output)).toEqual([415]);
  });
});

describe("The history of a metric", () => {
  const VALUES = 400_000;

  test("is read whole by every client, from a server that stays", async () => {
    const logged = await stack.client(`
import json, mlflow
with mlflow.start_run() as run:
    mlflow.log_metric("loss", float("nan"), step=0)
print(json.dumps(run.info.run_id))
`);
    const run = answer<string>(logged);
    await sql(
      `insert into metrics (key, value, timestamp, run_uuid, step, is_nan)
       select 'loss', step / 3.0, 1900000000000 + step / 2, '${run}', step, false from generate_series(1, ${VALUES - 1}) step`,
    );
    const read = stack.client(`${CLIENT}
import math, mlflow
def read():
    answer = requests.get(ROOT + "/api/2.0/mlflow/metrics/get-history?run_id=${run}&metric_key=loss", auth=LOGIN, timeout=240)
    return [(one["step"], one["timestamp"], float(one["value"])) for one in answer.json()["metrics"]]
whole, again = at_once(2, read)
paged = [(one.step, one.timestamp, one.value) for one in mlflow.MlflowClient().get_metric_history("${run}", "loss")]
unknown = requests.get(ROOT + "/api/2.0/mlflow/metrics/get-history?run_id=${run}&metric_key=none", auth=LOGIN).json()
wrong = requests.get(ROOT + "/api/2.0/mlflow/metrics/get-history?run_id=${run}", auth=LOGIN).json()
print(json.dumps([len(whole), math.isnan(whole[0][2]), whole[1:] == again[1:] == paged[1:], len({one[0] for one in whole}), unknown, wrong["error_code"]]))
`);
    const { result } = await peakWhile(read, () => memoryOf(SERVER));

    expect(answer(result)).toEqual([VALUES, true, true, VALUES, {}, "INVALID_PARAMETER_VALUE"]);
  });
});

describe("A search", () => {
  test("with as many clauses as it may have, from eight clients, leaves the database as it is; with more it is refused", async () => {
    const searched = await stack.client(`${CLIENT}
def search(clauses):
    keys = [f"metrics.m{number}" for number in range(clauses)]
    both = {"order_by": keys[: clauses // 2], "filter": " and ".join(f"{key} > 1" for key in keys[clauses // 2 :])}
    return [requests.post(ROOT + "/api/2.0/mlflow/runs/search", json={"max_results": 1, "experiment_ids": ["0"], **fields}, auth=LOGIN, timeout=240).status_code
            for fields in ({"order_by": keys}, {"filter": " and ".join(f"{key} > 1" for key in keys)}, both)]
print(json.dumps([sorted({status for statuses in at_once(8, lambda: search(30)) for status in statuses}), search(31)]))
`);

    expect(answer(searched)).toEqual([[200], [400, 400, 400]]);
  });
});

describe("Others are not held up", () => {
  /** Reads one after another for some seconds, from a container of their own. */
  const reads = (seconds: number) => loadServer(stack, { seconds, reads: 2 });

  test("by clients that send slowly", async () => {
    const slow = stack.client(`${CLIENT}
import base64, socket
host, port = ROOT.removeprefix("http://").split(":")
login = base64.b64encode(f"admin:{LOGIN[1]}".encode()).decode()
kinds = ["POST /api/2.0/mlflow/runs/log-batch", "POST /v1/traces", "PUT /api/2.0/mlflow-artifacts/artifacts/0/slow"]
connections = []
for number in range(120):
    connection = socket.create_connection((host, int(port)))
    connection.sendall(f"{kinds[number % 3]} HTTP/1.1\\r\\nHost: {host}\\r\\nAuthorization: Basic {login}\\r\\nContent-Length: 2000000\\r\\n\\r\\n".encode())
    connections.append(connection)
for _ in range(20):
    for connection in list(connections):
        try:
            connection.sendall(b"x" * 1000)
        except OSError:
            # One user's bodies have a quarter of the gateway's room: the others are refused with 429.
            connections.remove(connection)
    time.sleep(1)
print("sent")
`);
    const { statuses, slowest } = await reads(10);
    await slow;

    expect(Object.keys(statuses)).toEqual(["200"]);
    expect(slowest.reads).toBeLessThan(5);
  });

  test("by calls that wait for something else", async () => {
    const lock = sql("begin; lock table registered_models in access exclusive mode; select pg_sleep(20); commit");
    const waiting = stack.client(`${CLIENT}
search = lambda: requests.get(ROOT + "/api/2.0/mlflow/registered-models/search", auth=LOGIN, timeout=60)
print(json.dumps(sorted({answer.status_code for answer in at_once(10, search)})))
`);
    const { statuses, slowest } = await reads(6);
    await lock;

    expect(Object.keys(statuses)).toEqual(["200"]);
    expect(slowest.reads).toBeLessThan(5);
    expect(answer(await waiting)).toEqual([200]);
  });

  test("for ever: a query ends when nobody waits for it any more", async () => {
    const output = await stack.inServer(`
import psycopg2
cursor = psycopg2.connect("service=mlflow").cursor()
cursor.execute("show statement_timeout")
print(cursor.fetchone()[0])
`);

    expect(output).toBe("5min\n");
  });
});

describe("The connections to the database", () => {
  // a batch takes up to four connections one by one: with more batches at once than connections all would wait for each
  // other, until they fail.
  test.each([
    ["clients", { uploads: 2, searches: 2, batches: 8, reads: 32, models: 16 }],
    ["batches", { batches: 48 }],
  ])("suffice for more %s than there are, with the least that is accepted", async (_, clients) => {
    const { result, peak } = await peakWhile(loadServer(stack, { seconds: 25, ...clients }), connections);

    expect(Object.keys(result.statuses)).toEqual(["200"]);
    expect(peak).toBeGreaterThan(8);
    expect(peak).toBeLessThanOrEqual(CONNECTIONS - 5);
    const log = await runOk("sh", ["-c", `docker logs ${ID}-postgres 2>&1`]);
    expect(log).not.toMatch(/too many (clients|connections)|remaining connection slots/);
  });
});

describe("A pool of connections", () => {
  test("has room for what a call begins inside of itself, and for the next call after it", async () => {
    const output = await stack.inServer(`
import os
from concurrent.futures import ThreadPoolExecutor
from sqlalchemy import create_engine, exc, text

engine = create_engine(os.environ["MLFLOW_BACKEND_STORE_URI"], pool_size=1, max_overflow=3, pool_timeout=1)

def take(count):
    if count > 0:
        with engine.connect() as connection:
            connection.execute(text("select 1"))
            take(count - 1)

def another(count):
    with ThreadPoolExecutor(1) as pool:
        try:
            pool.submit(take, count).result()
            return "taken"
        except exc.OperationalError:
            return "try again"

with engine.connect() as connection:
    print(another(1), end=", ")
    take(3)
    connection.invalidate()
print(another(4), end=", ")
with engine.connect():
    engine.dispose()
    print(another(4), end=", ")
print(another(4))
`);

    // what calls that began before the pool was made anew hold does not count in the new one.
    expect(output).toBe("try again, taken, taken, taken\n");
  });
});

describe("More workers than the engine has cores", () => {
  test("are told by the command", async () => {
    const cores = Number(await runOk("docker", ["info", "--format", "{{.NCPU}}"]));
    const status = async (workers: number) => {
      stack.write({ server: `workers: ${workers}` });
      return (await stack.command(["status"])).stderr;
    };

    expect(await status(cores)).not.toContain("Warning");
    expect(await status(cores + 1)).toContain(
      `Warning: MLflow has ${cores + 1} workers and the engine ${cores} cores: more workers than cores gain nothing`,
    );
  });
});
