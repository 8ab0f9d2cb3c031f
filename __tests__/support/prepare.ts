import { execFileSync } from "node:child_process";
import { join } from "node:path";
import compile from "./compiled";
import { NODE_TYPESCRIPT, REPOSITORY } from "./repository";

/** Before the end-to-end tests: an engine, and what is tested besides the official images. Fails when it cannot be had. */
export default function prepare(): void {
  compile();
  const [node = "", ...loader] = NODE_TYPESCRIPT;
  execFileSync(node, [...loader, join(REPOSITORY, "cli", "index.ts"), "offline", "--yes"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
}
