import { describeCollected, describeGarbage, isClean, parseAge } from "../../../cli/gc/garbage";
import type { Garbage } from "../../../cli/gc/garbage";

const NOTHING: Garbage = {
  cutoff: 0,
  runs: [],
  models: [],
  experiments: [],
  traces: 0,
  ownerless: [],
  objects: 0,
  bytes: 0,
  lastChange: 0,
  kept: [],
  keptFiles: [],
  keptFilesNotTold: 0,
};
const doomed = (name: string | null) => ({ id: "a".repeat(32), name, objects: 1, bytes: 10 });

describe("A length of time", () => {
  test.each([
    ["30d", 30 * 86_400_000],
    ["12h", 12 * 3_600_000],
    ["5m", 300_000],
    ["0s", 0],
  ])("%s is %d ms", (text, milliseconds) => {
    expect(parseAge(text)).toBe(milliseconds);
  });

  test.each(["30", "d", "-1d", "1.5d", "30d12h", "30D", " 30d", "1w", "9999999d", ""])("is not '%s'", (text) => {
    expect(() => parseAge(text)).toThrow(`'${text}' is no length of time`);
  });
});

describe("The garbage", () => {
  test("is told to be none", () => {
    expect(isClean(NOTHING)).toBe(true);
    expect(describeGarbage(NOTHING)).toBe("There is nothing to delete.");
  });

  test.each(["runs", "models", "experiments"] as const)("is some if there are %s", (what) => {
    expect(isClean({ ...NOTHING, [what]: [{ ...doomed("a"), traces: 0 }] })).toBe(false);
  });

  test("is told by kind with two names, and with all its files", () => {
    const text = describeGarbage({
      ...NOTHING,
      runs: [doomed("first"), doomed(null), doomed("third")],
      experiments: [{ ...doomed("x".repeat(50)), traces: 7 }],
      traces: 7,
      ownerless: [{ prefix: "5/models/m/artifacts/", objects: 2, bytes: 3 }],
      objects: 6,
      bytes: 2048,
    });

    expect(text).toMatch(/runs +│ 3 +│ first, a{32}, … /);
    expect(text).toMatch(/experiments +│ 1 +│ x{39}… /);
    expect(text).toMatch(/traces of these experiments +│ 7 /);
    expect(text).toMatch(/folders that nobody owns +│ 1 +│ 5\/models\/m\/artifacts\/ /);
    expect(text).not.toContain("logged models");
    expect(text).toContain("Their files: 6 files of 2.0 KiB.");
  });

  test("has what stays, by reason", () => {
    const text = describeGarbage({
      ...NOTHING,
      kept: [
        { kind: "run", id: "r1", why: "it is used" },
        { kind: "run", id: "r2", why: "it is used" },
        { kind: "model", id: "m1", why: "it is used" },
      ],
      keptFiles: [
        { prefix: "hand/made", objects: 2, bytes: 1024, why: "unknown" },
        { prefix: "", objects: 1, bytes: 1024, why: "unknown" },
      ],
      keptFilesNotTold: 4,
    });

    expect(text).toMatch(/run: it is used +│ 2 +│ r1, r2 /);
    expect(text).toMatch(/model: it is used +│ 1 +│ m1 /);
    expect(text).toMatch(/unknown +│ 3 files of 2.0 KiB +│ hand\/made, \/ /);
    expect(text).toContain("4 more folders are not told here.");
  });

  test("that was deleted is counted, and what somebody has brought back", () => {
    const done = { runs: 1, models: 2, traces: 0, experiments: 1, objects: 5, bytes: 10, failed: [], stopped: false };

    expect(describeCollected({ ...done, changed: 0 })).toBe(
      "Deleted for good: 1 experiment, 1 run, 2 models, 0 traces, 5 files of 10 bytes.",
    );
    expect(describeCollected({ ...done, changed: 3 })).toContain("Somebody has changed or uses 3 things of the list");
  });
});
