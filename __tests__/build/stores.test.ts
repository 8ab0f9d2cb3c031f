import { execFileSync } from "node:child_process";
import { packageText } from "../../lib/values/package-folder";

const HOUR = 3_600_000;
const MADE = Date.UTC(2026, 0, 1, 12);

/** Whether a migration job may begin with an empty database and an empty bucket. */
function begins({ planned, now = MADE, hasMarked = false }: { planned?: number; now?: number; hasMarked?: boolean }) {
  const digits = (time: number) => new Date(time).toISOString().replace(/[-:T]|\..*/g, "");
  const host = planned === undefined ? "0f1e2d3c4b5a" : `planned-${digits(planned)}`;
  const code = `${packageText("mlflow", "stores.py").replace(/\nmain\(.*$/s, "")}
import socket
from types import SimpleNamespace
socket.gethostname = lambda: "${host}"
time.time = lambda: ${now / 1000}
MARKED = SimpleNamespace(exists=lambda: True, read_text=lambda: ${hasMarked ? "IDENTITY" : '"another"'})
stores = [SimpleNamespace(found=EMPTY, may_be_shared=False)] * 2
print(may_begin(*stores))
`;
  const env = {
    PATH: process.env.PATH,
    STACK_IDENTITY: `mlflow-server/${new Date(MADE).toISOString().replace(/\.\d+/, "")}/1`,
    MLFLOW_ARTIFACTS_DESTINATION: "s3://mlflow",
  };
  return execFileSync("python3", ["-"], { input: code, encoding: "utf8", env }).trim() === "True";
}

describe("Empty stores are those of a new stack", () => {
  test.each([
    ["in the first deployment, which takes hours", { planned: MADE - 1000, now: MADE + 5 * HOUR }, true],
    ["on an engine whose clock is ahead, or behind", { planned: MADE - 1000, now: MADE - 30 * HOUR }, true],
    ["when a first deployment that failed is repeated soon", { planned: MADE + HOUR / 2 }, true],
    ["not in a later deployment, whatever the engine's clock says", { planned: MADE + 2 * HOUR, now: MADE }, false],
    ["not when the job has marked them before", { planned: MADE - 1000, hasMarked: true }, false],
    ["for an hour, if the container is older than this way to tell", { now: MADE + HOUR / 2 }, true],
    ["not after an hour, if the container is older", { now: MADE + 2 * HOUR }, false],
  ])("%s", (_when, job, expected) => {
    expect(begins(job)).toBe(expected);
  });
});
