import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname } from "node:path";
import { packagePath } from "../../lib/values/package-folder";
import { runOk } from "../support/run";

jest.setTimeout(60_000);

const ORDER = "a room imports only from the rooms before it in rooms.mjs";

/** The folders in rooms.mjs, from the ground up. */
function rooms(): string[] {
  return [...readFileSync(packagePath("rooms.mjs"), "utf8").matchAll(/^ {2}"(.+)",$/gm)].map(([, room = ""]) => room);
}

// ESLint loads its configuration as an ES module, which jest cannot do.
const PROGRAM = `
import { readFileSync } from "node:fs";
import { ESLint } from "eslint";
const eslint = new ESLint();
const told = [];
for (const [filePath, text] of JSON.parse(readFileSync(0, "utf8"))) {
  const [report] = await eslint.lintText(text, { filePath });
  told.push(report.messages.map(({ ruleId, message }) => ruleId + ": " + message));
}
console.log(JSON.stringify(told));
`;

const REFUSED: [file: string, text: string][] = [
  ["lib/values/duration.ts", 'import "../stack/mlflow-stack";\n'],
  ["lib/stores/s3-store.ts", 'export type { AuthGateway } from "../gateway/auth-gateway";\n'],
  ["cli/docker/ports.ts", 'import "../commands/up";\n'],
  ["cli/review/model/text.ts", 'import "../findings/headline";\n'],
  ["lib/gateway/tls/certificate.ts", 'import "../auth-gateway";\n'],
  ["lib/guard/stack-guard.ts", 'import "../../cli/docker/docker";\n'],
];
const ALLOWED: [file: string, text: string] = ["lib/stack/mlflow-stack.ts", 'import "../values/duration";\n'];

describe("ESLint", () => {
  const told: { [file: string]: string[] } = {};

  beforeAll(async () => {
    const files = [...REFUSED, ALLOWED];
    const printed = await runOk(process.execPath, ["--input-type=module", "--eval", PROGRAM], {
      cwd: packagePath(),
      input: JSON.stringify(files),
    });
    const reports = JSON.parse(printed) as string[][];
    files.forEach(([file], index) => (told[file] = reports[index] ?? []));
  });

  test.each(REFUSED)("refuses an import from %s to a later room", (file) => {
    expect(told[file]).toContainEqual(expect.stringContaining(`boundaries/dependencies: ${ORDER}`));
  });

  test("accepts an import from an earlier room", () => {
    expect(told[ALLOWED[0]]).toEqual([]);
  });
});

test("Every file of the library and of the command is in a room, except for the entry of each", () => {
  const folders = ["lib", "cli"].flatMap((top) =>
    readdirSync(packagePath(top), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => (dirname(file) === "." ? `${top}: ${file}` : `${top}/${dirname(file)}`)),
  );
  expect([...new Set(folders)].sort()).toEqual([...rooms(), "cli: index.ts", "lib: index.ts"].sort());
});

test("CONTRIBUTING describes every room and its limits, in the order of the rooms", () => {
  const rows = readFileSync(packagePath("CONTRIBUTING.md"), "utf8").matchAll(
    /^\| `((?:lib|cli)\/[^`]+)\/` +\| (.*\S) +\| (.*\S) +\|$/gm,
  );
  expect([...rows].map(([, room]) => room)).toEqual(rooms());
});

test("The tests of a room are in a folder of its name", () => {
  const tested = ["lib", "cli"].flatMap((top) =>
    readdirSync(packagePath("__tests__", top), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".test.ts"))
      .map((file) => `${top}/${dirname(file)}`),
  );
  expect([...new Set(tested)].filter((folder) => !existsSync(packagePath(folder)))).toEqual([]);
});
