import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { AuthMethod, Role, Secret } from "../../lib";
import { packagePath } from "../../lib/values/package-folder";
import { runOk } from "../support/run";
import { mlflowStack, synth } from "../support/stacks/synth";

jest.setTimeout(60_000);

const TSX = ["--import", pathToFileURL(require.resolve("tsx")).href];
const COPIED = [
  "lib",
  "backup",
  "caddy",
  "mlflow",
  "__tests__/support",
  "main.ts",
  "package.json",
  "releases.json",
  "tsconfig.json",
];

describe("Synthesis", () => {
  const elsewhere = mkdtempSync(join(tmpdir(), "mlflow-elsewhere-"));
  const copy = join(elsewhere, "a folder", "of another name");
  const node = join(elsewhere, "bin", "node");
  const settings = {
    TZ: "Asia/Kathmandu",
    LC_ALL: "tr_TR.UTF-8",
    LANG: "tr_TR.UTF-8",
    HOME: elsewhere,
    USER: "somebody",
    HTTPS_PROXY: "http://proxy.example.com:3128",
    NO_PROXY: "localhost",
    NODE_OPTIONS: ["shift-clock.cjs", "reverse-listing.cjs"]
      .map((name) => `--require ${packagePath("__tests__", "support", name)}`)
      .join(" "),
  };

  beforeAll(() => {
    for (const path of COPIED) cpSync(packagePath(path), join(copy, path), { recursive: true });
    for (const path of ["backup", "caddy", "mlflow"].flatMap(filesOf)) {
      const text = readFileSync(packagePath(path), "utf8");
      writeFileSync(join(copy, path), text.replaceAll("\n", "\r\n"));
    }
    symlinkSync(packagePath("node_modules"), join(copy, "node_modules"));
    mkdirSync(join(elsewhere, "bin"));
    symlinkSync(process.execPath, node);
  });
  afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));

  /** The two files that a run of an app writes. */
  async function written(program: string, app: string, cwd: string, env: { [name: string]: string }): Promise<string> {
    const output = mkdtempSync(join(elsewhere, "out-"));
    await runOk(program, [...TSX, app], { cwd, env: { ...env, CDKTF_OUTDIR: output } });
    const files = ["manifest.json", join("stacks", "mlflow", "cdk.tf.json")];
    return files.map((name) => readFileSync(join(output, name), "utf8")).join("");
  }

  const filesOf = (folder: string) =>
    readdirSync(packagePath(folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(packagePath(), join(entry.parentPath, entry.name)));

  test("has the same sources in a checkout of Git for Windows", async () => {
    const clone = join(elsewhere, "clone");
    await runOk("git", [
      "-c",
      "core.autocrlf=true",
      "clone",
      "--quiet",
      "--depth",
      "1",
      `file://${packagePath()}`,
      clone,
    ]);
    const lines = (await runOk("git", ["-C", clone, "ls-files", "--eol"])).split("\n");

    expect(lines.length).toBeGreaterThan(100);
    expect(lines.filter((line) => /w\/(crlf|mixed)/.test(line))).toEqual([]);
  });

  test("of main.ts is the same to the byte in another folder, time zone, locale, home and year, by another Node.js, with other line ends and a proxy", async () => {
    const here = await written(process.execPath, packagePath("main.ts"), packagePath(), {});
    const there = await written(node, join(copy, "main.ts"), copy, settings);

    expect(there).toBe(here);
    for (const path of [packagePath(), elsewhere, `${homedir()}/`]) expect(here).not.toContain(path);
  });

  test("is the same to the byte when lines of main.ts move", async () => {
    const moved = join(copy, "moved.ts");
    const source = readFileSync(packagePath("main.ts"), "utf8");
    writeFileSync(moved, `\n\n\n// a comment\n${source.replace("new MlflowStack(", "\n\n  void new MlflowStack(")}`);

    expect(await written(process.execPath, moved, copy, {})).toBe(
      await written(process.execPath, packagePath("main.ts"), packagePath(), {}),
    );
  });

  test("of every shape is the same to the byte in another place", async () => {
    const shapes = (folder: string) => join(folder, "__tests__", "support", "stacks", "synthesize-shapes.ts");
    const here = await runOk(process.execPath, [...TSX, shapes(packagePath())]);
    const there = await runOk(node, [...TSX, shapes(copy)], { cwd: copy, env: settings });

    expect(here).toContain("docker_container");
    expect(there).toBe(here);
  });

  test("does not depend on the order in which settings are written", () => {
    const stack = (names: string[]) =>
      mlflowStack({
        auth: AuthMethod.basic({ users: [{ name: "ada", role: Role.ADMIN }] }),
        server: {
          environment: Object.fromEntries(names.map((name) => [`MLFLOW_${name}`, name])),
          secretEnvironment: Object.fromEntries(names.map((name) => [`${name}_KEY`, Secret.variable(name)])),
        },
        gateway: { buildArguments: Object.fromEntries(names.map((name) => [name, name])) },
      });

    expect(synth(stack(["B", "A", "C"]))).toEqual(synth(stack(["C", "B", "A"])));
  });
});
