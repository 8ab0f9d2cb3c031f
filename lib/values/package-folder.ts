import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A path in this package, the same for its TypeScript sources and for its build in `dist`. */
export function packagePath(...segments: string[]): string {
  let folder = __dirname;
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  return join(folder, ...segments);
}

/** What a text file of this package holds. */
export function packageText(...segments: string[]): string {
  return withoutCarriageReturns(readFileSync(packagePath(...segments), "utf8"));
}

/** A text with the line ends of Linux, also from a checkout with those of Windows. */
export function withoutCarriageReturns(text: string): string {
  return text.replaceAll("\r\n", "\n");
}
