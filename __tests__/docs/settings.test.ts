import { readFileSync } from "node:fs";
import { HEADINGS, withSettings } from "../../docs/settings";
import { ENVIRONMENT_VARIABLES } from "../../lib/environment/environment-variables";
import { packagePath } from "../../lib/values/package-folder";

const PAGE = readFileSync(packagePath("docs", "settings.md"), "utf8");

describe("The settings in docs/settings.md", () => {
  test("are those that `npm run docs` writes", () => {
    expect(PAGE).toBe(withSettings(PAGE));
  });

  test("are found by their marks, and nothing else is touched", () => {
    const text = "before\n<!-- settings: begin -->\nold\n<!-- settings: end -->\nafter\n";

    expect(withSettings(text)).toMatch(
      /^before\n<!-- settings: begin -->\n\n## Address and TLS\n\n[^]+\.\n\n<!-- settings: end -->\nafter\n$/,
    );
    expect(() => withSettings("no marks")).toThrow(
      "the marks <!-- settings: begin --> and <!-- settings: end --> are missing",
    );
  });

  test("have every variable once", () => {
    const names = ENVIRONMENT_VARIABLES.flatMap((variable): readonly string[] => variable.names);

    expect([...PAGE.matchAll(/\*\*`(\w+)`\*\*/g)].map(([, name]) => name)).toEqual(names);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test("have a heading before the first variable of each group", () => {
    expect([...PAGE.matchAll(/^## (.+)\n\n- \*\*`(\w+)`/gm)].map(([, heading, name]) => [name, heading])).toEqual([
      ...HEADINGS,
    ]);
  });
});
