import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ADVISORY_LOCK } from "../../lib/contract/backup";
import type { GcState } from "../../lib/contract/garbage";
import { packagePath } from "../../lib/values/package-folder";

const GARBAGE = { cutoff: 5, runs: [{ id: "r" }], models: [], experiments: [{ id: "7" }], traces: 2, ownerless: [] };
const CLEAN = { ...GARBAGE, runs: [], experiments: [], traces: 0 };
const DELETED = { runs: 1, experiments: 1, failed: [] };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gc-service-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs the service's `run` with a program that says these lines, one more each time, and returns the status after it. */
function run(lines: object[], stores = "") {
  writeFileSync(join(folder, "stores.py"), stores);
  writeFileSync(join(folder, "lines.json"), JSON.stringify(lines));
  writeFileSync(
    join(folder, "program.py"),
    `import pathlib
folder = pathlib.Path(${JSON.stringify(folder)})
told = json.loads(sys.stdin.readline())
with open(folder / "asked", "a") as asked: asked.write(json.dumps([settings, told]) + "\\n")
lines = json.loads((folder / "lines.json").read_text())
print(json.dumps({"progress": "1 of 2"}), flush=True)
if lines: print(json.dumps(lines.pop(0)), flush=True)
(folder / "lines.json").write_text(json.dumps(lines))
`,
  );
  const code = `import pathlib, sys
sys.path.insert(0, ${JSON.stringify(packagePath("mlflow", "gc"))})
import service
folder = pathlib.Path(${JSON.stringify(folder)})
service.PROGRAM, service.STORES, service.STATE = folder / "program.py", str(folder / "stores.py"), folder / "gc.json"
service.LOCK_INTERVAL_SECONDS = 0.01
service.run()
service.status()`;
  const env = {
    ...process.env,
    ...{ GC_SCHEDULE: "30 3 * * *", GC_OLDER_THAN_SECONDS: "86400", PYTHONDONTWRITEBYTECODE: "1" },
  };
  const printed = execFileSync("python3", ["-c", code], { encoding: "utf8", env, stdio: ["ignore", "pipe", "ignore"] });
  return JSON.parse(printed.trim().split("\n").at(-1) ?? "") as GcState;
}

const asked = () =>
  readFileSync(join(folder, "asked"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);

test("Garbage is listed and deleted as the command does it", () => {
  const { schedule, last } = run([{ result: GARBAGE }, { result: DELETED }]);

  expect([schedule, last]).toEqual(["30 3 * * *", expect.objectContaining({ deleted: DELETED })]);
  expect(last).not.toHaveProperty("message");
  const lock = Number(ADVISORY_LOCK);
  expect(asked()).toEqual([
    [{ step: "list", olderThan: 86_400_000, check: true, lock }, null],
    [
      { step: "delete", cutoff: 5, lock },
      { runs: ["r"], models: [], experiments: ["7"], ownerless: [], traces: 2 },
    ],
  ]);
});

test("Without garbage nothing is deleted", () => {
  const { last } = run([{ result: CLEAN }]);

  expect(asked()).toHaveLength(1);
  expect(Object.keys(last ?? {}).sort()).toEqual(["seconds", "time"]);
});

test("Another holder of the lock is awaited, before the list and before the deletion", () => {
  const locked = { refused: "'mlflow-stack backup' works on the stores", locked: true };
  const { last } = run([locked, { result: GARBAGE }, locked, { result: GARBAGE }, { result: DELETED }]);

  expect(last).toMatchObject({ deleted: DELETED });
  expect(asked()).toHaveLength(5);
});

test.each<[string, object[], string, string]>([
  ["stores of another stack", [], "import sys; sys.exit('the stores\\nare not those')", "the stores are not those"],
  ["a refusal", [{ refused: "only a bucket can be cleaned up", locked: false }], "", "only a bucket can be cleaned up"],
  ["a program that ends early", [], "", "the program ended with status 0"],
  [
    "what could not be deleted",
    [{ result: GARBAGE }, { result: { ...DELETED, failed: [{ what: "run r", reason: "the bucket keeps it" }] } }],
    "",
    "1 could not be deleted, such as the run r: the bucket keeps it",
  ],
])("The status tells of %s", (_what, lines, stores, message) => {
  expect(run(lines, stores).last).toMatchObject({ message });
});
