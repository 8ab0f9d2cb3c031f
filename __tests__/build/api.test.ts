import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { apiReport } from "../../docs/api-report";
import { packagePath } from "../../lib/values/package-folder";
import { run } from "../support/run";

jest.setTimeout(5 * 60_000);

/** A part of the model that typedoc makes of the sources. */
interface Reflection {
  readonly name: string;
  readonly kind: number;
  readonly children?: Reflection[];
  readonly flags: { readonly isOptional?: boolean };
  readonly comment?: { readonly blockTags?: { readonly tag: string }[] };
}

const INTERFACE = 256;

describe("The report of the public API", () => {
  test("is the one that `npm run docs` writes", () => {
    expect(readFileSync(packagePath("docs", "cdktf-mlflow.api.md"), "utf8")).toBe(apiReport());
  });
});

describe("The documentation of the public API", () => {
  const folder = mkdtempSync(join(tmpdir(), "mlflow-typedoc-"));
  const file = join(folder, "api.json");
  const typedoc = join(dirname(createRequire(__filename).resolve("typedoc/package.json")), "bin", "typedoc");
  let outcome: { code: number; stdout: string; stderr: string };

  beforeAll(async () => {
    const options = ["--options", packagePath("docs", "typedoc.json"), "--json", file];
    outcome = await run(process.execPath, [typedoc, ...options]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("describes everything that is exported, and has no broken link", () => {
    if (outcome.code !== 0) throw new Error(`${outcome.stdout}\n${outcome.stderr}`);
  });

  test("names the default of each option", () => {
    const { children = [] } = JSON.parse(readFileSync(file, "utf8")) as Reflection;
    const options = children
      .flatMap((child) => [child, ...(child.children ?? [])])
      .filter(({ kind, name }) => kind === INTERFACE && !/^I[A-Z]/.test(name));
    const silent = options.flatMap(({ name: owner, children: members = [] }) =>
      members
        .filter(({ flags, comment }) => flags.isOptional && !comment?.blockTags?.some(({ tag }) => tag === "@default"))
        .map(({ name }) => `${owner}.${name}`),
    );

    expect(options.length).toBeGreaterThan(20);
    expect(silent).toEqual([]);
  });
});
