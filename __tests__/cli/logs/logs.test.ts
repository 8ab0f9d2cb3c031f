import { LogFilter } from "../../../cli/logs/log-filter";
import type { LogFilterOptions } from "../../../cli/logs/log-filter";
import { LogReader } from "../../../cli/logs/log-line";
import type { LogLine } from "../../../cli/logs/log-line";
import { renderJson, renderLine } from "../../../cli/logs/render-line";
import { sinceOf } from "../../../cli/logs/since";

const ADAS = "ce3360f5-c17c-40ab-bdf7-b275a20d664b";
const BOBS = "8d0a7475-9a2c-4efd-ae9b-51619b875970";
const access = (id: string, more: object) =>
  JSON.stringify({
    level: "info",
    logger: "http.log.access.log0",
    msg: "handled request",
    request: { method: "POST", uri: "/api/2.0/mlflow/runs/create", client_ip: "192.0.2.7" },
    duration: 0.0123,
    status: 200,
    user_id: "ada",
    request_id: id,
    ...more,
  });

/** What two services have written, in the order of time. */
const WRITTEN: [service: string, text: string][] = [
  ["server", "2026/12/01 00:18:44 INFO mlflow.server: Started"],
  ["server", `2026/12/01 00:18:45 ERROR mlflow.server: [${ADAS}] Exception on /api/2.0/mlflow/runs/create`],
  ["server", "Traceback (most recent call last):"],
  ["server", "ValueError: a fault"],
  ["server", `2026/12/01 00:18:46 WARNING mlflow.store: [${BOBS}] slow`],
  ["gateway", access(ADAS, { status: 500 })],
  ["server", "2026/12/01 00:18:47 INFO mlflow.server: A job ended"],
  ["gateway", access(BOBS, { user_id: "bob" })],
  ["gateway", access("01234567-89ab-cdef-0123-456789abcdef", { status: 401, user_id: "", failed_user: "ada" })],
];

function lines(): LogLine[] {
  const readers = new Map<string, LogReader>();
  return WRITTEN.map(([service, text], index) => {
    const reader = readers.get(service) ?? new LogReader(service);
    readers.set(service, reader);
    return reader.read(`2026-12-01T00:18:4${index}.546622395Z ${text}`);
  });
}

function shown(options: LogFilterOptions): number[] {
  const filter = new LogFilter(options);
  return lines()
    .flatMap((line) => filter.take(line))
    .map(({ text }) => WRITTEN.findIndex(([, one]) => one === text));
}

describe("Lines of a stack's containers", () => {
  test("are all shown without a choice", () => {
    expect(shown({})).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("of one request are its gateway's and MLflow's, with the whole traceback", () => {
    expect(shown({ request: ADAS })).toEqual([1, 2, 3, 5]);
    expect(shown({ request: ADAS.slice(0, 8) })).toEqual([1, 2, 3, 5]);
    expect(shown({ request: "ffffffff" })).toEqual([]);
  });

  test("of one user are the requests, with MLflow's lines for them, and failed logins", () => {
    expect(shown({ user: "ada" })).toEqual([1, 2, 3, 5, 8]);
    expect(shown({ user: "bob" })).toEqual([4, 7]);
    expect(shown({ user: "eve" })).toEqual([]);
  });

  test("of one request and another user are none", () => {
    expect(shown({ user: "bob", request: ADAS })).toEqual([]);
  });

  test("that wait for the end of a request are given up one day", () => {
    const filter = new LogFilter({ user: "ada" });
    const [, hanging] = lines();
    for (let count = 0; count < 20_000; count += 1) filter.take(hanging!);

    expect(filter.take(lines()[5]!).length).toBeLessThanOrEqual(10_001);
  });
});

describe("A line for a person", () => {
  const style = { width: 8, colors: false };
  const rendered = lines().map((line) => renderLine(line, style));

  test("says what a request was, how it ended, who asked and its id", () => {
    expect(rendered[5]).toBe(
      `2026-12-01T00:18:45.546Z gateway  500 POST /api/2.0/mlflow/runs/create 12 ms  ada  192.0.2.7  ${ADAS}`,
    );
    expect(rendered[8]).toContain(" 401 POST /api/2.0/mlflow/runs/create 12 ms  ada (failed login)  192.0.2.7");
  });

  test("is the service's own, where that is no request", () => {
    expect(rendered[0]).toBe("2026-12-01T00:18:40.546Z server   2026/12/01 00:18:44 INFO mlflow.server: Started");
    const caddy = new LogReader("gateway").read(
      '2026-12-01T00:18:40.546622395Z {"level":"warn","logger":"tls","msg":"no certificate","error":"refused"}',
    );
    expect(renderLine(caddy, style)).toBe("2026-12-01T00:18:40.546Z gateway  WARN tls: no certificate: refused");
  });

  test("marks an act of an admin, and has colors on a terminal only", () => {
    const act = new LogReader("gateway").read(`2026-12-01T00:18:40.5Z ${access(ADAS, { audit: "DELETE /a" })}`);

    expect(renderLine(act, style)).toMatch(/ admin's act$/);
    expect(renderLine(act, { ...style, colors: true })).toContain("\u001b[32m200\u001b[39m");
    expect(rendered.join("")).not.toContain("\u001b");
  });
});

test("A line for programs has the entry of the gateway as it is, or the text", () => {
  expect(JSON.parse(renderJson(lines()[5]!))).toEqual({
    time: "2026-12-01T00:18:45.546622395Z",
    service: "gateway",
    request: ADAS,
    entry: JSON.parse(access(ADAS, { status: 500 })),
  });
  expect(JSON.parse(renderJson(lines()[2]!))).toEqual({
    time: "2026-12-01T00:18:42.546622395Z",
    service: "server",
    request: ADAS,
    text: "Traceback (most recent call last):",
  });
});

describe("--since", () => {
  test.each([
    ["10m", "10m"],
    ["1h30m", "1h30m"],
    ["3d", "72h"],
    ["2026-11-30T22:00:00Z", "2026-11-30T22:00:00Z"],
    ["2026-11-30", "2026-11-30"],
  ])("takes %s as Docker's %s", (given, docker) => {
    expect(sinceOf(given)).toBe(docker);
  });

  test.each(["yesterday", "", "10", "-5m", "2026-13-45", "10m; ls"])("refuses '%s'", (given) => {
    expect(() => sinceOf(given)).toThrow(`--since is no time, got: '${given}'`);
  });
});
