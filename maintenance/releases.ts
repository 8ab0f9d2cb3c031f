import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { loadExeca } from "../cli/console/es-modules";
import { table } from "../cli/console/table";
import { packagePath } from "../lib/values/package-folder";
import { RELEASES } from "../lib/values/releases";
import { type Finding, lookUp, subjects } from "./newer-releases";
import type { Run } from "./registries";
import { releaseFiles } from "./release-files";

// `npm run releases` says which releases are newer than those of releases.json; `-- --write` renews the files that are
// made from it.
const { write } = parseArgs({ options: { write: { type: "boolean", default: false } } }).values;
const files = releaseFiles(RELEASES, programIn).filter((file) => !file.isCurrent());

async function main(): Promise<void> {
  if (write) {
    for (const file of files) {
      await file.renew();
      console.log(`wrote ${file.path}`);
    }
    if (files.length === 0) console.log("Every file is as releases.json says.");
    return;
  }
  const { devDependencies } = JSON.parse(readFileSync(packagePath("package.json"), "utf8")) as {
    devDependencies: { [name: string]: string };
  };
  const pinned = Object.fromEntries(Object.entries(devDependencies).filter(([, version]) => /^\d/.test(version)));
  // Outside of the package, because a module file would limit the versions that are found.
  console.log(report(await lookUp(subjects(RELEASES, pinned, programIn(tmpdir())))));
  for (const { path } of files) console.log(`'npm run releases -- --write' would write ${path}.`);
}

/** The answers of the registries as text. */
function report(findings: Finding[]): string {
  const newer = findings.filter(({ newest, current }) => newest && newest !== current);
  const failed = findings.filter(({ failure }) => failure);
  const rows = newer.map(({ name, current, newest = "", registry }) => [name, current, newest, registry]);
  const told = ({ registry, failure }: Finding) => `${registry}: ${failure?.trim()}`;
  return [
    `${findings.length - failed.length} of ${findings.length} releases were looked up, ${newer.length} have a newer one.`,
    ...(rows.length > 0 ? [table(["release", "in use", "newest", "says"], rows)] : []),
    ...[...new Set(failed.map(told))].map((reason) => {
      const names = failed.filter((finding) => told(finding) === reason).map(({ name }) => name);
      return `No answer on ${names.join(", ")} from ${reason}`;
    }),
  ].join("\n");
}

function programIn(cwd: string): Run {
  return async (program, args) => {
    const { execa } = await loadExeca();
    return (await execa(program, args, { cwd, timeout: 300_000 })).stdout;
  };
}

void main();
