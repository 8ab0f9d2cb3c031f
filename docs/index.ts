import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { packagePath } from "../lib/values/package-folder";
import { apiReport } from "./api-report";
import { writeReleasePages } from "./releases";
import { withSettings } from "./settings";

// Writes what is made from the sources: the lists of settings and releases, the API's report, and its pages in docs/html.
const SETTINGS = packagePath("docs", "settings.md");
writeFileSync(SETTINGS, withSettings(readFileSync(SETTINGS, "utf8")));
writeReleasePages();
writeFileSync(packagePath("docs", "cdktf-mlflow.api.md"), apiReport());

const typedoc = createRequire(__filename).resolve("typedoc/package.json").replace("package.json", "bin/typedoc");
execFileSync(process.execPath, [typedoc, "--options", packagePath("docs", "typedoc.json")], { stdio: "inherit" });
