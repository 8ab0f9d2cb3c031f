import { packageText } from "../values/package-folder";
import { ServiceFile } from "../network/service-file";

/** Where the program lies that compares a server's stores with its identity. */
export const STORES_FILE = "/etc/mlflow/stores.py";

/** Where a job finds what a person has accepted: the lines that say what it found. */
export const ACCEPTED_FILE = "/tmp/accepted-stores";

/** What it says by its exit status. */
export enum StoresVerdict {
  OTHER_STORES = 3,
  OTHER_SCHEMA = 4,
}

/** The program. */
export function storesFile(): ServiceFile {
  return ServiceFile.of(STORES_FILE, packageText("mlflow", "stores.py"));
}
