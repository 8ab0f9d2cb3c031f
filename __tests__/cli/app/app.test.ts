import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { appOf, explainFailure, selectStack } from "../../../cli/app/app";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mlflow-stack-test-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function manifest(...names: string[]) {
  const stacks = names.map((name) => [name, { name, workingDirectory: `stacks/${name}` }]);
  writeFileSync(join(folder, "manifest.json"), JSON.stringify({ stacks: Object.fromEntries(stacks) }));
}

describe("appOf", () => {
  test("takes the command, output folder and context of cdktf.json", () => {
    const configuration = { app: "python app.py", output: "build", context: { stage: "test" } };
    writeFileSync(join(folder, "cdktf.json"), JSON.stringify(configuration));

    expect(appOf(folder)).toEqual({ command: "python app.py", output: "build", context: { stage: "test" } });
  });

  test("reads a cdktf.json with the byte order mark of Windows tools", () => {
    writeFileSync(join(folder, "cdktf.json"), '\ufeff{ "app": "python app.py" }');

    expect(appOf(folder).command).toBe("python app.py");
  });

  test("falls back to the app of this package and to cdktf.out", () => {
    const { command, output } = appOf(folder);

    expect(output).toBe("cdktf.out");
    expect(command.at(-1)).toMatch(/main\.ts$/);
  });

  test("names the problem of a cdktf.json that names no app or is no JSON", () => {
    writeFileSync(join(folder, "cdktf.json"), "{}");
    expect(() => appOf(folder)).toThrow("cdktf.json names no app");

    writeFileSync(join(folder, "cdktf.json"), "{");
    expect(() => appOf(folder)).toThrow("cdktf.json is not valid JSON");
  });
});

describe("selectStack", () => {
  test("takes the only stack, or the one that is asked for", () => {
    manifest("one");
    expect(selectStack(folder).name).toBe("one");

    manifest("one", "two");
    expect(selectStack(folder, "two").name).toBe("two");
  });

  test("names the stacks if the choice is not clear", () => {
    manifest("one", "two");

    expect(() => selectStack(folder)).toThrow(
      expect.objectContaining({
        message: "the app has 2 stacks",
        remedy: "Choose one with --stack: one, two.",
      }) as Error,
    );
    expect(() => selectStack(folder, "three")).toThrow("the app has no stack 'three'");
  });

  test("reports an app that synthesized nothing", () => {
    expect(() => selectStack(folder)).toThrow(`the app wrote nothing to ${folder}`);
    manifest();
    expect(() => selectStack(folder)).toThrow("the app has no stack");
  });
});

describe("explainFailure", () => {
  const trace = [
    "/app/lib/public-url.ts:12",
    "      throw new ValidationError(",
    "            ^",
    "",
    "ValidationError: 'url' must be an address such as 'https://mlflow.example.com', got: 'x' [mlflow]",
    "    at PublicUrl.parse (/app/lib/public-url.ts:12:13)",
    "    at new MlflowStack (/app/lib/mlflow-stack.ts:90:22) {",
    "  code: 'Url'",
    "}",
    "",
    "Node.js v20.20.2",
  ].join("\n");

  test("returns only the message of a refused value", () => {
    expect(explainFailure(trace)).toBe(
      "'url' must be an address such as 'https://mlflow.example.com', got: 'x' [mlflow]",
    );
  });

  test("keeps all lines of such a message", () => {
    expect(explainFailure(trace.replace("got: 'x' [mlflow]", "got:\nx [mlflow]"))).toBe(
      "'url' must be an address such as 'https://mlflow.example.com', got:\nx [mlflow]",
    );
  });

  test("returns the findings of the stack's rules, one a line", () => {
    const failure = [
      "Error: Validation failed with the following errors:",
      "  [mlflow/notebook] MissingMemoryLimit: it may take all memory of its machine; set 'memory'.",
      "  [mlflow/notebook] MissingHealthCheck: nobody can tell whether it works; set 'healthcheck'.",
      "",
      "If you wish to ignore these validations, pass 'skipValidation: true' to your App configuration.",
      "",
      "    at stackValidationFailure (/app/node_modules/cdktf/lib/errors.js:150:47)",
    ].join("\n");

    expect(explainFailure(failure)).toBe(
      [
        "[mlflow/notebook] MissingMemoryLimit: it may take all memory of its machine; set 'memory'.",
        "[mlflow/notebook] MissingHealthCheck: nobody can tell whether it works; set 'healthcheck'.",
      ].join("\n"),
    );
  });

  test("returns the whole output for other errors", () => {
    expect(explainFailure("Error: Cannot find module 'cdktf'\n    at x.js:1\n")).toBe(
      "Error: Cannot find module 'cdktf'\n    at x.js:1",
    );
  });
});
