import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import ts from "typescript";
import { FEATURES } from "../lib/server/features-on";
import { ROUTE_TABLE } from "./support/route-table";

const REPOSITORY = resolve(__dirname, "..");
const README = readFileSync(join(REPOSITORY, "README.md"), "utf8");
const BLOCKS = [...README.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => code);

/** What the compiler has to say of code that imports the library under its own name. */
function problems(blocks: string[]): string[] {
  const configuration = ts.readConfigFile(join(REPOSITORY, "tsconfig.json"), ts.sys.readFile).config.compilerOptions;
  const { options } = ts.convertCompilerOptionsFromJson(
    { ...configuration, noEmit: true, noUnusedLocals: false },
    REPOSITORY,
  );
  const host = ts.createCompilerHost(options);
  const files = new Map(blocks.map((code, index) => [join(REPOSITORY, `readme-block-${index + 1}.ts`), code]));
  const { readFile, fileExists, getSourceFile } = host;
  host.readFile = (name) => files.get(name) ?? readFile(name);
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.getSourceFile = (name, language, ...rest) => {
    const code = files.get(name);
    return code === undefined ? getSourceFile(name, language, ...rest) : ts.createSourceFile(name, code, language);
  };
  return ts
    .getPreEmitDiagnostics(ts.createProgram([...files.keys()], options, host))
    .map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`);
}

describe("The README", () => {
  test("has examples that compile", () => {
    expect(BLOCKS.length).toBeGreaterThan(2);
    expect(problems(BLOCKS)).toEqual([]);
  });

  test("names scripts that exist", () => {
    const { scripts } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8")) as { scripts: object };
    const named = [...README.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name);

    expect(named).toContain("up");
    expect(named.filter((name) => !Object.keys(scripts).includes(name ?? ""))).toEqual([]);
  });

  test("would notice an example that does not compile", () => {
    expect(problems(['import { MlflowStack } from "cdktf-mlflow";\nnew MlflowStack(1);\n'])).toHaveLength(1);
  });

  test("shows main.ts as it is", () => {
    const main = readFileSync(join(REPOSITORY, "main.ts"), "utf8").replace('"./lib"', '"cdktf-mlflow"');

    expect(BLOCKS).toContain(main);
  });

  test.each(["README.md", "SECURITY.md"])("leads to files that are there, as %s does", (name) => {
    const text = readFileSync(join(REPOSITORY, name), "utf8");
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)].map(([, path = ""]) => path);

    expect(links.length).toBeGreaterThan(2);
    expect(links.filter((path) => !existsSync(join(REPOSITORY, path)))).toEqual([]);
  });

  const [, table = ""] = /^### Features of MLflow$([\s\S]*?)^### /m.exec(README) ?? [];

  test("has a row for every feature that the gateway knows, and for no other", () => {
    const rows = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
    const routes = ROUTE_TABLE.groups.flatMap(({ feature }) => (feature ? [feature] : []));

    expect(new Set(rows)).toEqual(new Set(routes));
  });

  test("says of every member of server.features whether it is on by itself", () => {
    const said = Object.fromEntries(
      [...table.matchAll(/^\| `(\w+)` +\| (on|off) +\|/gm)].map(([, name, is]) => [name, is]),
    );

    expect(said).toEqual(
      Object.fromEntries(Object.entries(FEATURES).map(([feature, on]) => [feature, on ? "on" : "off"])),
    );
  });
});
