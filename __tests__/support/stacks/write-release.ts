import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packagePath } from "../../../lib/values/package-folder";
import { namedResources } from "./named-resources";
import { SHAPES } from "./shapes";

// Run once a release: npx tsx __tests__/support/stacks/write-release.ts
const { version } = JSON.parse(readFileSync(packagePath("package.json"), "utf8")) as { version: string };
const file = join(__dirname, "..", "..", "releases", `${version}.json`);
if (existsSync(file)) throw new Error(`${file} is there already: what was released does not change`);

const shapes = Object.entries(SHAPES).map(([name, shape]) => [name, namedResources(shape())]);
writeFileSync(file, `${JSON.stringify(Object.fromEntries(shapes), null, 2)}\n`);
