import { execFileSync } from "node:child_process";
import { packagePath } from "../../lib/values/package-folder";

const ID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
const PLAIN = `The database failed on this call. The server's log has its error, with the id ${ID} of the request.`;
const REFUSED = '(psycopg2.OperationalError) connection to server at "mlflow-postgres" (172.18.0.3) failed';
const QUERY = "[SQL: SELECT experiments.name FROM experiments]\n[parameters: {'name': 'private'}]";

interface Answer {
  readonly path?: string;
  readonly status: number;
  /** In the pieces in which MLflow sends it. */
  readonly body: string[];
}

/** What the client gets and what is logged when MLflow answers in this way. */
function seen({ path = "/api/2.0/mlflow/runs/get", status, body }: Answer) {
  const code = `
import asyncio, json, logging, sys
sys.dont_write_bytecode = True
sys.path.insert(0, ${JSON.stringify(packagePath("mlflow"))})
import database_errors, request_log
given = json.loads(${JSON.stringify(JSON.stringify({ path, status, body }))})
logged, sent = [], []
logging.getLogger("uvicorn.error").addHandler(type("Kept", (logging.Handler,), {"emit": lambda _, record: logged.append(record.getMessage())})())

async def mlflow(scope, receive, send):
    pieces = [one.encode() for one in given["body"]]
    headers = [(b"content-type", b"application/json"), (b"Content-Length", str(sum(map(len, pieces))).encode())]
    await send({"type": "http.response.start", "status": given["status"], "headers": headers})
    for i, piece in enumerate(pieces):
        await send({"type": "http.response.body", "body": piece, "more_body": i + 1 < len(pieces)})

async def send(message):
    sent.append(message)

async def ask():
    request_log.begin([(b"x-request-id", b"${ID}")])
    await database_errors.PlainDatabaseErrors(mlflow)({"type": "http", "path": given["path"]}, None, send)

asyncio.run(ask())
start, *bodies = sent
print(json.dumps({
    "status": start["status"],
    "length": [int(value) for name, value in start["headers"] if name.lower() == b"content-length"],
    "pieces": [one["body"].decode() for one in bodies],
    "logged": logged,
}))
`;
  const printed = execFileSync("python3", ["-"], { input: code, encoding: "utf8" });
  return JSON.parse(printed) as { status: number; length: number[]; pieces: string[]; logged: string[] };
}

/** The answer as JSON. */
const read = (answer: Answer): unknown => JSON.parse(seen(answer).pieces.join(""));

test("An error of the database keeps its code, and names the request; the log has it without the values", () => {
  const body = JSON.stringify({ error_code: "TEMPORARILY_UNAVAILABLE", message: `${REFUSED}\n${QUERY}` });
  const { status, length, pieces, logged } = seen({ status: 503, body: [body.slice(0, 60), body.slice(60)] });

  expect(status).toBe(503);
  expect(JSON.parse(pieces.join(""))).toEqual({ error_code: "TEMPORARILY_UNAVAILABLE", message: PLAIN });
  expect(length).toEqual([Buffer.byteLength(pieces.join(""))]);
  const query = "[SQL: SELECT experiments.name FROM experiments]";
  expect(logged).toEqual([expect.stringContaining(JSON.stringify(`${REFUSED}\n${query}`).slice(1, -1))]);
  expect(logged[0]).not.toContain("private");
  expect(logged[0]).not.toContain("\n");
});

test.each([
  [
    "what MLflow itself says is kept",
    400,
    { error_code: "RESOURCE_ALREADY_EXISTS", message: `Experiment(name=a) already exists. Error: ${QUERY}` },
    { error_code: "RESOURCE_ALREADY_EXISTS", message: "Experiment(name=a) already exists." },
  ],
  ["an answer of another form, too", 500, { detail: [{ text: REFUSED }] }, { detail: [{ text: PLAIN }] }],
])("In an error of the database %s", (_what, status, body, shown) => {
  expect(read({ status, body: [JSON.stringify(body)] })).toEqual(shown);
});

test("A text that is no JSON is cut", () => {
  expect(seen({ status: 500, body: [`Internal error: ${REFUSED}`] }).pieces).toEqual([`Internal error: ${PLAIN}`]);
});

test("GraphQL's errors are plain, and its data stay as they are", () => {
  const data = { mlflowGetRun: { run: { name: QUERY } } };
  const path = "/graphql";

  expect(read({ path, status: 200, body: [JSON.stringify({ data, errors: [REFUSED] })] })).toEqual({
    data,
    errors: [PLAIN],
  });
  expect(seen({ path, status: 200, body: [JSON.stringify({ data, errors: null })] })).toMatchObject({
    pieces: [JSON.stringify({ data, errors: null })],
    logged: [],
  });
});

test("Other answers arrive as MLflow sends them", () => {
  const error = '{"error_code": "INVALID_PARAMETER_VALUE",  "message": "no (psycopg) [SQL]"}';

  expect(seen({ status: 400, body: [error] })).toMatchObject({ status: 400, pieces: [error], logged: [] });
  const file = "/api/2.0/mlflow-artifacts/artifacts/1/run/artifacts/graphql";
  expect(seen({ path: file, status: 200, body: [QUERY, REFUSED] })).toMatchObject({
    pieces: [QUERY, REFUSED],
    logged: [],
  });
  expect(seen({ status: 200, body: [QUERY, REFUSED] })).toMatchObject({ pieces: [QUERY, REFUSED], logged: [] });
});
