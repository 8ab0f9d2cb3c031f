import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** A path in this package, the same for its TypeScript sources and for its build in `dist`. */
export function packagePath(...segments: string[]): string {
  let folder = __dirname;
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  return join(folder, ...segments);
}
