import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as library from "../../lib";
import { packagePath } from "../../lib/values/package-folder";
import { run } from "../support/run";

jest.setTimeout(120_000);

describe("jsii, which makes the library available to other languages", () => {
  const folder = mkdtempSync(join(tmpdir(), "mlflow-jsii-"));
  let outcome: { code: number; stdout: string; stderr: string };

  beforeAll(async () => {
    cpSync(join(__dirname, "jsii", "project.json"), join(folder, "package.json"));
    cpSync(join(__dirname, "jsii", "tsconfig.json"), join(folder, "tsconfig.json"));
    for (const name of ["lib", "README.md"]) cpSync(packagePath(name), join(folder, name), { recursive: true });
    symlinkSync(packagePath("node_modules"), join(folder, "node_modules"));
    // jsii renames a word that is reserved in one of the languages.
    const args = [require.resolve("jsii/bin/jsii"), "--silence-warnings", "reserved-word"];
    outcome = await run(process.execPath, args, { cwd: folder });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("compiles the public API", () => {
    if (outcome.code !== 0) throw new Error(`${outcome.stdout}\n${outcome.stderr}`);
  });

  test("leaves out only these", () => {
    const { types } = JSON.parse(readFileSync(join(folder, ".jsii"), "utf8"));
    const missing = Object.keys(library).filter((name) => !(`cdktf-mlflow.${name}` in types));
    const methods = types["cdktf-mlflow.ServiceImage"].methods.map(({ name }: { name: string }) => name);

    // An error class, Node.js's environment, and a reserved word that builders in other languages need.
    expect(missing.sort()).toEqual(["StackEnvironment", "ValidationError"]);
    expect(methods).toEqual(["registry"]);
  });
});
