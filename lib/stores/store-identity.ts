import { STORES_FILE } from "../contract/store-identity";
import { packageText } from "../values/package-folder";
import { ServiceFile } from "../network/service-file";

/** The program that compares a server's stores with its identity. */
export function storesFile(): ServiceFile {
  return ServiceFile.of(STORES_FILE, packageText("mlflow", "stores.py"));
}
