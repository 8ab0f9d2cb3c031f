import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packagePath } from "../lib/values/package-folder";
import { runProgram } from "./program";

/** The project as JavaScript, as it is installed, so that no measurement contains a TypeScript loader. */
export class Compiled {
  /** Compiles the project into a new folder. */
  public static async make(): Promise<Compiled> {
    const folder = mkdtempSync(join(tmpdir(), "mlflow-bench-"));
    for (const name of ["node_modules", "caddy", "mlflow", "offline", "cli"])
      symlinkSync(packagePath(name), join(folder, name));
    for (const name of ["package.json", "releases.json"]) copyFileSync(packagePath(name), join(folder, name));
    const settings = join(folder, "tsconfig.json");
    writeFileSync(
      settings,
      JSON.stringify({
        extends: packagePath("tsconfig.json"),
        // The tests check the types.
        compilerOptions: { outDir: "dist", rootDir: packagePath(), declaration: false, noCheck: true, types: [] },
        include: ["main.ts", "lib", "cli", "offline", "bench/apps"].map((path) => packagePath(path)),
      }),
    );
    await runProgram(process.execPath, [packagePath("node_modules", "typescript", "bin", "tsc"), "-p", settings]);
    return new Compiled(folder);
  }

  /** @param folder its path. */
  private constructor(public readonly folder: string) {}

  /** Path of a compiled file. */
  public file(...segments: string[]): string {
    return join(this.folder, "dist", ...segments);
  }

  /** A new working folder in it. */
  public workFolder(name: string): string {
    const folder = join(this.folder, "work", name);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  public remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
