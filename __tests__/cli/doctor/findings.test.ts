import type { KnownBackups } from "../../../cli/backup/backup-state";
import { backupFindings, backupNotes, maximumAge } from "../../../cli/doctor/backup-findings";
import { engineFindings, unappliedFindings } from "../../../cli/doctor/deployment-findings";
import { factFindings } from "../../../cli/doctor/fact-findings";
import { renderDiagnosis } from "../../../cli/doctor/finding";
import type { Finding } from "../../../cli/doctor/finding";
import type { BackupState } from "../../../lib/contract/backup";
import { backupRecord } from "../../support/backup-record";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const after = (time: number) => new Date(Date.now() + time).toISOString();
const checks = (findings: Finding[]) => findings.map(({ check }) => check);
const known = (given: Partial<BackupState>, more: Partial<KnownBackups> = {}): KnownBackups => ({
  state: { stack: "mlflow", target: "s3://b", schedule: "@hourly", drillSchedule: "", keep: "", backups: 1, ...given },
  ...more,
});
const good = { time: after(-HOUR), seconds: 1, status: 0 };
const failed = { ...good, status: 10, message: "the target is full" };
const fresh = backupRecord("one", after(-HOUR));

test.each([
  ["are none", false, undefined, ["no-backup"]],
  ["do not answer", true, undefined, ["backup-service"]],
  ["have not begun", true, known({}), ["no-backup"]],
  ["are fresh and proven", true, known({ backup: fresh, run: good, drill: good, check: good }), []],
  [
    "are old",
    true,
    known({ backup: backupRecord("one", after(-4 * HOUR)), run: failed }),
    ["old-backup", "failed-backup"],
  ],
  [
    "are damaged",
    true,
    known({ backup: fresh, check: { ...good, status: 16 }, drill: failed }),
    ["damaged-backup", "failed-drill"],
  ],
  [
    "are being restored",
    true,
    known({ backup: fresh }, { begun: { backup: "one", time: after(-DAY), since: after(-HOUR) } }),
    ["restore-not-ended"],
  ],
])("backups that %s", (_, makesBackups, state, expected) => {
  expect(checks(backupFindings(makesBackups, state))).toEqual(expected);
});

test("a backup on the disk of the data, which no drill has proven, is to be known", () => {
  const place = { name: "mlflow-backup-target", isVolume: true };

  expect(checks(backupNotes(known({ backup: fresh }, { place })))).toEqual(["no-drill", "backup-on-same-disk"]);
  expect(backupNotes(known({ backup: fresh, drill: good }))).toEqual([]);
});

test.each([
  ["@hourly", 3],
  ["*/15 * * * *", 3],
  ["0 3 * * *", 48],
  ["0 */6 * * *", 48],
  ["@daily", 48],
  ["0 3 * * 0", 14 * 24],
  ["0 3 1 * *", 62 * 24],
  ["@monthly", 62 * 24],
  ["0 3 1 1 *", 732 * 24],
])("a backup of the schedule %s is old after %d hours", (schedule, hours) => {
  expect(maximumAge(schedule)).toBe(hours * 3600);
});

test("a disk above 90 % and a certificate that was not renewed are found", () => {
  const disk = (usedPercent: number) => ({ free: 1024 ** 3, total: 10 * 1024 ** 3, usedPercent, volumes: ["data"] });
  const certificate = (days: number) => ({ begin: after((days - 90) * DAY), end: after(days * DAY) });

  expect(factFindings({ versions: [], disks: [disk(90)], certificate: certificate(22) })).toEqual([]);
  const [full, old] = factFindings({ versions: [], disks: [disk(91)], certificate: certificate(20.5) });
  expect(full?.found).toBe("The disk of data is 91 % full: 1.0 GiB are free");
  expect(old?.found).toMatch(/^The certificate ends in 20 days, at .*Z, and was not renewed$/);
});

test("an old engine and more workers than cores are found", () => {
  const engine = { rootFolder: "/", operatingSystem: "", isPodman: false };

  expect(checks(engineFindings({ workers: 4 }, { ...engine, version: "19.03.15", cores: 2 }))).toEqual([
    "old-engine",
    "workers",
  ]);
  expect(engineFindings({ workers: 2 }, { ...engine, version: "28.5.0", cores: 2 })).toEqual([]);
});

test("containers and images that are not as in the code are named", () => {
  const state = (containers: string[], imageNames: string[]) => ({
    ofType: () => containers.map((name) => ({ type: "docker_container", address: name, attributes: { name } })),
    imageNames,
  });
  const code = { containerNames: ["m-server", "m-backup"], images: [{ name: "mlflow:2" }] };

  expect(unappliedFindings(code, state(["m-backup", "m-server"], ["mlflow:2"]))).toEqual([]);
  const [finding] = unappliedFindings(code, state(["m-server", "m-gc"], ["mlflow:1"]));
  expect(finding?.found).toContain(
    "container m-backup is not deployed, container m-gc is no longer in it, image mlflow:2 is not deployed, image mlflow:1 is no longer in it",
  );
  expect(unappliedFindings({ ...code, images: [{ name: "${var.image}" }] }, state([], []))).toEqual([]);
});

test("a diagnosis is numbered, with the meaning and what to do; notes are apart", () => {
  const finding = { check: "a", found: "One is down", meaning: "Nobody gets in.", remedy: "docker start one\nor else" };

  expect(renderDiagnosis({ stack: "mlflow", problems: [], notes: [] })).toBe("Nothing is wrong with stack 'mlflow'.");
  expect(renderDiagnosis({ stack: "mlflow", problems: [finding], notes: [finding] })).toBe(
    `Stack 'mlflow' has 1 problem:

1. One is down
   Nobody gets in.
   What to do: docker start one
   or else

To know, though nothing is broken:

1. One is down
   Nobody gets in.
   What to do: docker start one
   or else`,
  );
});
