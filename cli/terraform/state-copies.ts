import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { shellWord } from "../console/shell-word";

/**
 * Lines that say how to remove the copies that Terraform has kept of a local state; none if there is no copy.
 *
 * @param stateFile path of the state, if it is a file.
 */
export function backupRemoval(stateFile: string | undefined): string[] {
  if (stateFile === undefined || !existsSync(dirname(stateFile))) return [];
  const isCopy = (name: string) => name.startsWith(`${basename(stateFile)}.`) && name.endsWith(".backup");
  const paths = readdirSync(dirname(stateFile))
    .filter(isCopy)
    .sort()
    .map((name) => shellWord(relative(process.cwd(), join(dirname(stateFile), name))));
  return paths.length === 0
    ? []
    : ["Its old secrets are still in copies of its state. To remove them:", `  rm ${paths.join(" ")}`];
}
