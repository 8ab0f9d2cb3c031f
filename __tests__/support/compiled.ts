import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { transformFileSync, transformSync } from "@swc/core";
import type { Options } from "@swc/core";
import { REPOSITORY } from "./repository";

/** A program of the tests beside the command. */
const PULL_REQUEST = join("__tests__", "support", "plans", "pull-request-program.ts");

/** The library and the command as JavaScript: starting them takes a quarter of the processor time of TypeScript. */
export const COMPILED = join(REPOSITORY, "cdktf.out", "compiled");

/** `mlflow-stack`, for Node.js. */
export const COMMAND = join(COMPILED, "cli", "index.js");

/** Runs `mlflow-stack pull-request` with a review that only lists addresses. */
export const PULL_REQUEST_PROGRAM = join(COMPILED, PULL_REQUEST.replace(/\.ts$/, ".js"));

const OPTIONS: Options = {
  swcrc: false,
  jsc: { parser: { syntax: "typescript" }, target: "es2022" },
  module: { type: "commonjs" },
};

/** Writes what has changed to `COMPILED`. */
export default function compile(): void {
  const sources = ["lib", "cli", "offline"].flatMap((top) =>
    readdirSync(join(REPOSITORY, top), { recursive: true, encoding: "utf8" }).map((file) => join(top, file)),
  );
  for (const file of ["main.ts", PULL_REQUEST, ...sources.filter((name) => name.endsWith(".ts"))]) {
    const target = join(COMPILED, file.replace(/\.ts$/, ".js"));
    const { code } = transformFileSync(join(REPOSITORY, file), OPTIONS);
    // Another run may be reading it.
    if (existsSync(target) && readFileSync(target, "utf8") === code) continue;
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, code);
  }
}

/** A module as JavaScript. */
export function toJavaScript(typescript: string): string {
  return transformSync(typescript, OPTIONS).code;
}
