import { backupTable, describeBackup, describeSecrets, selectBackup } from "../../../cli/backup/describe";
import type { BackupRestore } from "../../../lib/contract/backup";
import { backupRecord } from "../../support/backup-record";

const NEW = backupRecord("new", "2026-11-30T05:00:00.5Z");
const OLD = backupRecord("old", "2026-11-29T05:00:00Z");
const ALL = [NEW, OLD];

describe("The backup that a user means", () => {
  test.each([
    [undefined, NEW],
    ["old", OLD],
    ["new", NEW],
    ["2026-11-30T05:00:01Z", NEW],
    ["2026-11-30 05:00", OLD],
    ["2026-11-30T06:00:01+01:00", NEW],
    ["2026-11-30T06:00:00+01:00", OLD],
    ["2026-11-30", OLD],
    ["2030-01-01", NEW],
  ])("is for %p the newest that is not younger", (at, expected) => {
    expect(selectBackup(ALL, at)).toBe(expected);
  });

  test("is refused with the list of those that are there", () => {
    expect(() => selectBackup(ALL, "2026-11-29 04:59:59")).toThrow("no backup is as old as 2026-11-29 04:59:59Z");
    expect(() => selectBackup(ALL, "yesterday")).toThrow("'yesterday' is neither the id of a backup nor a time");
    expect(() => selectBackup([])).toThrow("the target has no backup of this stack");
    expect(() => selectBackup(ALL, "yesterday")).toThrow(
      expect.objectContaining({ remedy: `These are there:\n${backupTable(ALL)}` }),
    );
  });
});

test("A backup is described by its id, time and sizes", () => {
  expect(describeBackup(OLD)).toMatch(
    /^old of 2026-11-29 05:00:00Z \(.+ ago\): database 1\.0 KiB, 3 files of 2\.0 KiB$/,
  );
  expect(backupTable(ALL)).toMatch(/│ old +│ 2026-11-29 05:00:00Z │ .+ ago +│ 1\.0 KiB +│ 3 \(2\.0 KiB\) │ 3\.17\.2 │/);
});

describe("The secrets of a restored database", () => {
  const lines = (reencrypted: number, unreadable: string[]) =>
    describeSecrets({ reencrypted, unreadable } as unknown as BackupRestore);

  test("are not mentioned while their keys are the same", () => {
    expect(lines(0, [])).toEqual([]);
  });

  test("are counted if they got other keys, and named if no key fits", () => {
    expect(lines(1, [])).toEqual([expect.stringContaining("1 secret of webhooks and of the AI gateway got the new")]);
    expect(lines(0, ["webhook alerts", "secret openai"])).toEqual([
      expect.stringMatching(/enter them again: webhook alerts, secret openai\.$/),
    ]);
  });
});
