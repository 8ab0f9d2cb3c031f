import { knownGarbageCollection, tellGarbageCollection } from "../../../cli/gc/gc-state";
import type { Collected } from "../../../lib/contract/garbage";

const DELETED: Collected = {
  ...{ runs: 3, models: 0, traces: 0, experiments: 1, objects: 7, bytes: 2048 },
  ...{ changed: 0, failed: [], stopped: false },
};
const SETTINGS = { schedule: "30 3 * * *", olderThanSeconds: 2_592_000 };

/** A stack whose service prints this; undefined if it does not run. */
function stack(state?: object, garbageCollectors = ["mlflow-server-gc"]) {
  const execOutput = async () =>
    state === undefined ? { exitCode: 1, text: "no such container" } : { exitCode: 0, text: JSON.stringify(state) };
  return { docker: { execOutput }, synthesized: { garbageCollectors } };
}

async function told(...given: Parameters<typeof stack>): Promise<string> {
  const of = stack(...given);
  return tellGarbageCollection(of, await knownGarbageCollection(of)).join("\n");
}

test("A stack without a schedule is told nothing", async () => {
  expect(await told(SETTINGS, [])).toBe("");
});

test("A service that does not answer is named", async () => {
  expect(await told()).toBe("The garbage collection does not answer. To see why: docker logs mlflow-server-gc");
});

test("Before the first time the schedule is told", async () => {
  expect(await told(SETTINGS)).toMatch(
    /^Garbage that is older than 30 d is deleted by the schedule 30 3 \* \* \*, in UTC; not yet/,
  );
});

test("The last result is told, also if there was nothing or if it failed", async () => {
  const last = { time: "2026-11-30T03:30:00Z", seconds: 2 };
  expect(await told({ ...SETTINGS, last: { ...last, deleted: DELETED } })).toMatch(
    /^Last garbage collection: .* ago\. Deleted for good: 1 experiment, 3 runs, .* 7 files of 2\.0 KiB\.$/,
  );
  expect(await told({ ...SETTINGS, last })).toMatch(
    /^Last garbage collection: .* ago\. There was nothing to delete\.$/,
  );
  expect(
    await told({ ...SETTINGS, last: { ...last, message: "the bucket does not answer", deleted: DELETED } }),
  ).toMatch(
    /^The last garbage collection failed .* ago: the bucket does not answer\. To do it now: .*gc\nDeleted for good: 1 exp/,
  );
});
