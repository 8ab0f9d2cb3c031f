import { NO_BACKUP, tellBackups } from "../../../cli/backup/backup-state";
import type { Deployment } from "../../../cli/deployment/deployment";
import type { BackupState } from "../../../lib/contract/backup";
import { backupRecord } from "../../support/backup-record";

const HOUR = 3600 * 1000;
const ago = (hours: number) => new Date(Date.now() - hours * HOUR).toISOString();
const stack = (...backups: string[]) => ({ synthesized: { backups } }) as unknown as Deployment;
const state = (given: Partial<BackupState>): BackupState => ({
  stack: "mlflow",
  target: "s3://backups/mlflow",
  schedule: "@hourly",
  drillSchedule: "@weekly",
  keep: "hourly=24",
  backups: 0,
  ...given,
});

describe("The status of backups", () => {
  test("is one line in a stack that makes none", () => {
    expect(tellBackups(stack(), undefined)).toEqual([NO_BACKUP]);
  });

  test("has the age of the last good backup and of the last drill", () => {
    const known = state({
      backup: backupRecord("one", ago(3)),
      backups: 5,
      run: { time: ago(3), seconds: 1, status: 0 },
      drill: { time: ago(72), seconds: 12.3, status: 0 },
    });

    expect(tellBackups(stack("b"), { state: known })).toEqual([
      "Last backup: 3 h ago (3 files, 3.0 KiB); 5 in s3://backups/mlflow.",
      "Last drill: 3 d ago, which read everything back in 12 s.",
    ]);
  });

  test("tells what is wrong", () => {
    const known = state({
      target: "file:///backup",
      run: { time: ago(1), seconds: 1, status: 10, message: "the target is full" },
      drill: { time: ago(1), seconds: 1, status: 16, message: "1 difference" },
    });

    const place = { name: "mlflow-backup-target", isVolume: true };
    expect(tellBackups(stack("b"), { state: known, place })).toEqual([
      "There is no backup in the volume mlflow-backup-target yet; the schedule is @hourly.",
      "The last backup failed 60 min ago: the target is full.",
      "Last drill: 60 min ago, which failed: 1 difference.",
      "The backups are on the disk of the data: they help against mistakes, and not against a lost disk.",
    ]);
    expect(tellBackups(stack("b"), undefined)).toEqual([
      "The backup service or its target does not answer. To see why: npx mlflow-stack backup list",
    ]);
  });

  test.each([
    [undefined, "The database is as it was before or as in the backup, and never a mixture."],
    [
      { time: ago(2), seconds: 1, status: 0 },
      "The database is as it was before or as in the backup, and never a mixture.",
    ],
    [
      { time: ago(0.5), seconds: 1, status: 0 },
      "Database and files are those of the backup, but the server was not started.",
    ],
    [{ time: ago(0.5), seconds: 1, status: 1 }, "The database is as it was before."],
  ])("tells of a restore that has not ended, with the result %p", (restore, expected) => {
    const begun = { backup: "one", time: "2026-11-30T05:00:00Z", since: ago(1) };
    const [, , line] = tellBackups(stack("b"), { state: state({ restore }), begun });

    expect(line).toContain("A restore of one of 2026-11-30 05:00:00Z, which began ");
    expect(line).toContain(expected);
    expect(line).toMatch(/To finish it: .* restore .*--at one$/);
  });
});
