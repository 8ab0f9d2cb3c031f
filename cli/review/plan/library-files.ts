import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { packagePath } from "../../../lib/values/package-folder";

// The gateway's rules, and the programs that run in MLflow's container or beside it.
const FOLDERS = ["caddy", "mlflow"];

let texts: ReadonlySet<string> | undefined;

/** Whether a text is a file of this release of the library, so that its content is known. */
export function isOwnText(text: string): boolean {
  texts ??= new Set([
    // The authorities that the dump of an external database trusts.
    rootCertificates.join("\n"),
    ...FOLDERS.flatMap((folder) =>
      readdirSync(packagePath(folder), { withFileTypes: true, recursive: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8")),
    ),
  ]);
  return texts.has(text);
}
