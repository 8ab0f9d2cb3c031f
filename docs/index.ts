import { readFileSync, writeFileSync } from "node:fs";
import { packagePath } from "../lib/package-folder";
import { withSettings } from "./settings";

const README = packagePath("README.md");

writeFileSync(README, withSettings(readFileSync(README, "utf8")));
