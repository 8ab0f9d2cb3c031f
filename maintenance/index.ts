import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { loadExeca } from "../cli/console/es-modules";
import { table } from "../cli/console/table";
import { packagePath } from "../lib/values/package-folder";
import { RELEASES } from "../lib/values/releases";
import { lookUpActions, pinActions, workflows } from "./actions";
import { describeDigests, lookUpDigests, pulledImages, withDigests } from "./digests";
import { type Finding, lookUp, subjects } from "./newer-releases";
import type { Run } from "./registries";
import { releaseFiles } from "./release-files";

// `npm run releases` says which releases are newer than those of releases.json; `-- --write` renews the files that are
// made from it. `-- --digests` compares the digests of releases.json and the commits of the workflows' actions with the
// registries and repositories, and fails if one is missing or another one; with `--write` it writes them.
const { write, digests } = parseArgs({
  options: { write: { type: "boolean", default: false }, digests: { type: "boolean", default: false } },
}).values;
const files = releaseFiles(RELEASES, programIn).filter((file) => !file.isCurrent());

async function main(): Promise<void> {
  if (digests) return compareDigests();
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

async function compareDigests(): Promise<void> {
  const images = await lookUpDigests(pulledImages(RELEASES), RELEASES.digests);
  const actions = await lookUpActions(workflows(), programIn(packagePath()));
  if (write) {
    const path = packagePath("releases.json");
    writeFileSync(path, withDigests(readFileSync(path, "utf8"), images));
    pinActions(workflows(), actions);
  }
  const findings = [...images, ...actions].map((finding) =>
    write ? { ...finding, known: finding.found ?? finding.known } : finding,
  );
  const problems = describeDigests(findings);
  console.log(
    [...problems, `${findings.length - problems.length} of ${findings.length} are pinned as they are now.`].join("\n"),
  );
  if (problems.length > 0) process.exitCode = 1;
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
