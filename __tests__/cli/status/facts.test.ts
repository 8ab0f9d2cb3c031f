import { tellFacts } from "../../../cli/status/facts";
import { endsSoon } from "../../../cli/status/served-certificate";

const DAY = 86_400_000;
const after = (days: number) => new Date(Date.now() + days * DAY).toISOString();

test("the facts of a stack are a line each", () => {
  const lines = tellFacts({
    versions: [
      { service: "mlflow-server", program: "MLflow", version: "3.14.0" },
      { service: "mlflow-postgres", program: "PostgreSQL", version: "18.1" },
    ],
    deployed: after(-3),
    disks: [{ free: 25 * 1024 ** 3, total: 100 * 1024 ** 3, usedPercent: 74, volumes: ["mlflow-postgres-data-18"] }],
    certificate: { begin: after(-30), end: after(59.5) },
  });

  expect(lines).toEqual([
    "Releases: MLflow 3.14.0, PostgreSQL 18.1.",
    expect.stringMatching(/^Last deployment: 3 d ago, at \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ\.$/),
    "Disk: 74 % used, 25.0 GiB free for mlflow-postgres-data-18.",
    expect.stringMatching(/^Certificate: ends in 59 days, at \d{4}-/),
  ]);
  expect(tellFacts({ versions: [], disks: [] })).toEqual([]);
});

test.each([
  ["of 90 days ends soon in its last 21", -70, 20, true],
  ["of 90 days does not before", -68, 22, false],
  ["of 12 hours, which the gateway's own authority signs, is not old after half of them", -0.25, 0.25, false],
  ["of 12 hours was not renewed two hours before its end", -10 / 24, 2 / 24, true],
  ["that has ended is too old", -90, -1, true],
])("a certificate %s", (_, begin, end, expected) => {
  expect(endsSoon({ begin: after(begin), end: after(end) })).toBe(expected);
});
