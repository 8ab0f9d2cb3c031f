import type { BackupRecord } from "../../lib/contract/backup";

/** A backup of a stack, as the backup program reports it. */
export function backupRecord(id: string, time: string): BackupRecord {
  return {
    id,
    time,
    stack: "mlflow",
    mlflow: "3.17.2",
    revision: "abc",
    postgres: 18,
    rows: { runs: 2 },
    objects: 3,
    bytes: 2048,
    databaseBytes: 1024,
    vanished: 0,
    secrets: [],
  };
}
