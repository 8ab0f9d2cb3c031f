import { wayBack } from "../../../cli/gc/last-backup";
import type { BackupState } from "../../../lib/contract/backup";
import { backupRecord } from "../../support/backup-record";

const CHANGED = Date.parse("2026-11-30T05:00:00Z");

function after(state: Partial<BackupState>) {
  const known = { target: "s3://backups/mlflow", backups: 1, ...state } as BackupState;
  return wayBack(true, { state: known }, CHANGED);
}

describe("Before garbage is deleted", () => {
  test("a stack without backups says that nothing brings it back", () => {
    expect(wayBack(false, undefined, CHANGED)).toEqual({
      isComplete: false,
      lines: ["No backups are made of this stack, so nothing brings this back."],
    });
  });

  test("a service that does not answer, or has no backup, is told", () => {
    expect(wayBack(true, undefined, CHANGED).lines[0]).toContain("The backup service or its target does not answer");
    const { isComplete, lines } = after({});
    expect([isComplete, lines[0]]).toEqual([false, expect.stringContaining("no backup in s3://backups/mlflow yet")]);
    expect(lines[1]).toMatch(/^To make a backup first: .*backup$/);
  });

  test("a backup that is newer than the last change has everything, and the restore of it is told", () => {
    const { isComplete, backup, lines } = after({ backup: backupRecord("one", "2026-11-30T05:00:01Z") });

    expect([isComplete, backup]).toEqual([true, "one"]);
    expect(lines[0]).toMatch(
      /^The backup one of 2026-11-30 05:00:01Z \(.*\) has all of this, as long as it is kept\.$/,
    );
    expect(lines[1]).toContain("lose what came later");
    expect(lines[1]).toMatch(/restore (-- )?--at one$/);
    expect(lines[2]).toContain("--only PATH");
  });

  test.each(["2026-11-30T05:00:00Z", "2026-11-30T04:00:00Z"])("a backup of %s does not have everything", (time) => {
    const { isComplete, lines } = after({ backup: backupRecord("one", time) });

    expect(isComplete).toBe(false);
    expect(lines[0]).toContain("something of this was changed later, at 2026-11-30 05:00:00Z. To make a backup first:");
  });

  test("damage that a check has found is told", () => {
    const backup = backupRecord("one", "2026-11-30T06:00:00Z");
    const { isComplete, lines } = after({ backup, check: { time: "2026-11-30T05:30:00Z", seconds: 1, status: 16 } });

    expect([isComplete, lines.at(-1)]).toEqual([false, expect.stringContaining("found damage")]);
  });
});
