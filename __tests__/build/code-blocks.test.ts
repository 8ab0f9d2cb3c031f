import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TerraformStack, Testing } from "cdktf";
import { Command } from "commander";
import ts from "typescript";
import { addUser } from "../../cli/commands/users";
import * as library from "../../lib";
import { ENVIRONMENT_VARIABLES } from "../../lib/environment/environment-variables";
import { UsersFile } from "../../lib/users/users-file";
import { packagePath } from "../../lib/values/package-folder";
import { GUIDES, blocksOf, proseOf } from "../support/docs/pages";
import { mlflowStack, synth } from "../support/stacks/synth";

jest.setTimeout(120_000);

const folder = mkdtempSync(join(tmpdir(), "mlflow-pages-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** All blocks of a language, each with its page. */
function allBlocks(language: string): [page: string, code: string][] {
  return GUIDES.flatMap((page) => blocksOf(page, language).map((code): [string, string] => [page, code]));
}

/** A block as a file of its own: one that leaves out its imports gets an app, a stack and the whole library. */
function asFile(code: string): string {
  if (code.startsWith("import ")) return code;
  return [
    'import { App, TerraformResource } from "cdktf";',
    `import { ${Object.keys(library).join(", ")} } from "cdktf-mlflow";`,
    'const app = new App();\nconst stack = new MlflowStack(new App(), "own");',
    code,
  ].join("\n");
}

/** Errors of the compiler in code that imports the library by its package name. */
function problems(blocks: string[]): string[] {
  const configuration = ts.readConfigFile(packagePath("tsconfig.json"), ts.sys.readFile).config.compilerOptions;
  const { options } = ts.convertCompilerOptionsFromJson(
    { ...configuration, noEmit: true, noUnusedLocals: false },
    packagePath(),
  );
  const host = ts.createCompilerHost(options);
  const files = new Map(blocks.map((code, index) => [packagePath(`block-${index + 1}.ts`), asFile(code)]));
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

describe("TypeScript in the pages", () => {
  const blocks = allBlocks("ts");

  test("compiles", () => {
    expect(blocks.length).toBeGreaterThan(15);
    expect(problems(blocks.map(([, code]) => code))).toEqual([]);
  });

  test("would not compile with a wrong option", () => {
    expect(problems(['new MlflowStack(app, "mlflow", { url: 1 });\n'])).toHaveLength(1);
  });

  test.each(blocks)("of %s runs: %s", (_page, code) => {
    const { outputText } = ts.transpileModule(asFile(code), { compilerOptions: { module: ts.ModuleKind.CommonJS } });
    const notebook = new TerraformStack(Testing.app(), "notebook");
    const resolve = (name: string): unknown => (name === "cdktf-mlflow" ? library : jest.requireActual(name));
    process.env.CDKTF_OUTDIR = folder;
    try {
      expect(() => new Function("require", "exports", "notebook", outputText)(resolve, {}, notebook)).not.toThrow();
    } finally {
      delete process.env.CDKTF_OUTDIR;
    }
  });
});

describe("JSON in the pages", () => {
  test("is the dependencies and the configuration of an app, and a file of users that can be read", () => {
    const [[, dependencies = ""] = [], [, configuration = ""] = [], [, users = ""] = [], ...others] = allBlocks("json");
    const { version } = JSON.parse(readFileSync(packagePath("package.json"), "utf8")) as { version: string };
    const cdktn = JSON.parse(readFileSync(packagePath("__tests__", "cdktn", "package.json"), "utf8"));

    expect(JSON.parse(dependencies)).toEqual({
      dependencies: { ...cdktn.dependencies, "cdktf-mlflow": `file:cdktf-mlflow-${version}.tgz` },
      overrides: cdktn.overrides,
    });
    const example = readFileSync(packagePath("examples", "external-stores", "cdktf.json"), "utf8");
    expect(JSON.parse(example)).toMatchObject(JSON.parse(configuration) as object);
    const file = join(folder, "users-of-a-page.json");
    writeFileSync(file, users);
    expect(UsersFile.read(file).map(({ name }) => name)).toEqual(["ada", "ci", "bob"]);
    expect(others).toEqual([]);
  });
});

describe("The shell in the pages", () => {
  const blocks = allBlocks("sh");
  const lines = blocks.flatMap(([, code]) => code.split("\n"));
  const spans = GUIDES.flatMap((page) => [...proseOf(page).matchAll(/`([^`]+)`/g)].map(([, span = ""]) => span));
  const program = commandLineProgram();

  test("calls scripts that exist", () => {
    const { scripts } = JSON.parse(readFileSync(packagePath("package.json"), "utf8")) as { scripts: object };
    const called = [...lines, ...spans].flatMap((line) => [...line.matchAll(/npm run (?:--silent )?([\w:-]+)/g)]);

    expect(called.length).toBeGreaterThan(20);
    expect(called.map(([, name = ""]) => name).filter((name) => !Object.keys(scripts).includes(name))).toEqual([]);
  });

  test("calls commands with options that they have", () => {
    const calls = [...lines, ...spans].flatMap((line) => {
      const [, words = ""] = /(?:npm run (?:--silent )?|mlflow-stack )(.*)/.exec(line.replace(/ #.*/, "")) ?? [];
      const [command, ...rest] = words.split(" ").filter((word) => word !== "--");
      const found = program.commands.find((candidate) => candidate.name() === command);
      const called = found?.commands.find((candidate) => rest.includes(candidate.name())) ?? found;
      const options = rest.filter((word) => word.startsWith("--"));
      return called ? options.map((option) => ({ line, option, known: called.options.map(({ long }) => long) })) : [];
    });

    expect(calls.length).toBeGreaterThan(8);
    expect(calls.filter(({ option, known }) => !known.includes(option)).map(({ line }) => line)).toEqual([]);
  });

  test("sets variables that something reads", () => {
    const declared = ENVIRONMENT_VARIABLES.flatMap(({ names, ...variable }): string[] => [
      ...names,
      ...("terraformVariable" in variable ? [`TF_VAR_${variable.terraformVariable}`] : []),
    ]);
    const ofClients = ["MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_TOKEN"];
    const set = lines
      .filter((line) => line.startsWith("export "))
      .flatMap((line) => [...line.matchAll(/ ([A-Z]\w+)=/g)].map(([, name = ""]) => name));

    expect(set.length).toBeGreaterThan(15);
    expect(set.filter((name) => ![...declared, ...ofClients].includes(name))).toEqual([]);
  });

  const recipes = blocks.filter(([, code]) => code.startsWith("export MLFLOW_URL"));

  test.each(recipes)("of %s configures a stack that can be deployed: %s", (_page, code) => {
    const settings = [...code.matchAll(/ ([A-Z]\w+)=(?:'([^']*)'|(\S+))/g)].map(([, name, quoted, word]) => [
      name,
      quoted ?? word,
    ]);
    const users = [...code.matchAll(/users -- add (\w+) --role (\w+)/g)];
    const file = join(folder, "users.json");
    jest.spyOn(console, "log").mockImplementation();
    for (const [, name = "", role = ""] of users) addUser(name, { role, file });
    const environment = Object.fromEntries([...settings, ...(users.length > 0 ? [["MLFLOW_USERS_FILE", file]] : [])]);

    const { resource } = synth(mlflowStack(new library.StackEnvironment(environment).props()));
    expect(resource.docker_container).toHaveProperty("gateway");
    expect(Object.keys(resource.docker_container ?? {}).includes("postgres")).toBe(!code.includes("DB_URL"));
  });

  test("has the README's three recipes", () => {
    expect(recipes.filter(([page]) => page === "README.md")).toHaveLength(3);
  });

  test("lists every command in the README", () => {
    const [, section = ""] = /^## Commands$([^]*?)^## /m.exec(proseOf("README.md")) ?? [];
    const cells = [...section.matchAll(/^\| (`.*?`) +\|/gm)].map(([, cell = ""]) => cell);
    const listed = cells.flatMap((cell) => [...cell.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name));

    expect(listed.sort()).toEqual(program.commands.map((command) => command.name()).sort());
  });
});

/** The program with all commands and options, as `cli/index.ts` declares it. */
function commandLineProgram(): Command {
  const parse = jest.spyOn(Command.prototype, "parseAsync").mockResolvedValue(new Command());
  jest.requireActual("../../cli/index");
  const [program] = parse.mock.contexts;
  parse.mockRestore();
  return program as Command;
}
