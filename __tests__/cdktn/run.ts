import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, mkdirSync, readdirSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packagePath } from "../../lib/values/package-folder";

// The compiler, and the unit tests of what imports `cdktf`, on a copy of the project in which that is an alias of `cdktn`.
const TESTS = ["__tests__/lib/", "__tests__/releases/"];
const REPLACED = ["@cdktf", "cdktf", "constructs"];
const LEFT_OUT = new Set(["node_modules", ".git", "dist", "cdktf.out"].map((path) => packagePath(path)));

const folder = mkdtempSync(join(tmpdir(), "mlflow-cdktn-"));
try {
  cpSync(packagePath(), folder, { recursive: true, filter: (path) => !LEFT_OUT.has(path) });
  const dependencies = join(folder, "__tests__", "cdktn");
  run("npm", ["ci", "--prefer-offline", "--no-audit", "--no-fund"], dependencies);
  linkModules(join(folder, "node_modules"), join(dependencies, "node_modules"));

  requireAlias(folder);

  const modules = join(folder, "node_modules");
  run(process.execPath, [join(modules, "typescript", "bin", "tsc"), "--noEmit"], folder);
  run(
    process.execPath,
    [join(modules, "jest", "bin", "jest.js"), ...TESTS, "--selectProjects", "unit", "--ci"],
    folder,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Everything that the project has installed, but what is replaced. */
function linkModules(modules: string, replacements: string): void {
  mkdirSync(modules);
  const own = readdirSync(packagePath("node_modules")).filter((name) => !REPLACED.includes(name));
  for (const name of own) symlinkSync(packagePath("node_modules", name), join(modules, name));
  for (const name of REPLACED) symlinkSync(join(replacements, name), join(modules, name));
}

// as the providers see it too: a second copy under the old name would be a test of nothing.
function requireAlias(folder: string): void {
  for (const user of [
    join(folder, "main.ts"),
    join(folder, "node_modules", "@cdktf", "provider-docker", "lib", "index.js"),
  ]) {
    const { name } = createRequire(realpathSync(user))("cdktf/package.json") as { name: string };
    if (name !== "cdktn") throw new Error(`${user} has ${name} for cdktf`);
  }
}

function run(program: string, args: string[], cwd: string): void {
  const { status, error } = spawnSync(program, args, { cwd, stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) {
    process.exitCode = 1;
    throw new Error(`${program} ${args.join(" ")} failed`);
  }
}
