import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname } from "node:path";
import { packagePath } from "../lib/values/package-folder";
import { run } from "./support/run";

const ORDER = "a room imports only from the rooms before it in rooms.mjs";

/** The folders in rooms.mjs, from the ground up. */
function rooms(): string[] {
  return [...readFileSync(packagePath("rooms.mjs"), "utf8").matchAll(/^ {2}"(.+)",$/gm)].map(([, room = ""]) => room);
}

/** What ESLint says of a text, as if it stood in a file of that name. */
async function lint(file: string, text: string): Promise<string> {
  const eslint = packagePath("node_modules", "eslint", "bin", "eslint.js");
  const { code, stdout, stderr } = await run(
    process.execPath,
    [eslint, "--stdin", "--stdin-filename", packagePath(file), "--format", "json"],
    { cwd: packagePath(), input: text },
  );
  expect({ code, stderr }).toEqual({ code: expect.any(Number), stderr: "" });
  const [report] = JSON.parse(stdout) as { messages: { ruleId: string; message: string }[] }[];
  return (report?.messages ?? []).map(({ ruleId, message }) => `${ruleId}: ${message}`).join("\n");
}

test.each([
  ["lib/values/duration.ts", 'import "../stack/mlflow-stack";\n'],
  ["lib/stores/s3-store.ts", 'export type { AuthGateway } from "../gateway/auth-gateway";\n'],
  ["cli/docker/ports.ts", 'import "../commands/up";\n'],
  ["cli/review/model/text.ts", 'import "../findings/headline";\n'],
  ["lib/guard/stack-guard.ts", 'import "../../cli/docker/docker";\n'],
])("The lint rule refuses an import from %s to a later room", async (file, text) => {
  expect(await lint(file, text)).toContain(`boundaries/dependencies: ${ORDER}`);
});

test("The lint rule lets an import to an earlier room pass", async () => {
  expect(await lint("lib/stack/mlflow-stack.ts", 'import "../values/duration";\n')).toBe("");
});

test("Every file of the library and of the command stands in a room, but for what each hands out", () => {
  const folders = ["lib", "cli"].flatMap((top) =>
    readdirSync(packagePath(top), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => (dirname(file) === "." ? `${top}: ${file}` : `${top}/${dirname(file)}`)),
  );
  expect([...new Set(folders)].sort()).toEqual([...rooms(), "cli: index.ts", "lib: index.ts"].sort());
});

test("CONTRIBUTING says of every room, in the order of the rooms, what it is and what it must not know", () => {
  const rows = readFileSync(packagePath("CONTRIBUTING.md"), "utf8").matchAll(
    /^\| `((?:lib|cli)\/[^`]+)\/` +\| (.*\S) +\| (.*\S) +\|$/gm,
  );
  expect([...rows].map(([, room]) => room)).toEqual(rooms());
});

test("The tests of a room stand in a folder of its name", () => {
  const tested = ["lib", "cli"].flatMap((top) =>
    readdirSync(packagePath("__tests__", top), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".test.ts"))
      .map((file) => `${top}/${dirname(file)}`),
  );
  expect([...new Set(tested)].filter((folder) => !existsSync(packagePath(folder)))).toEqual([]);
});
