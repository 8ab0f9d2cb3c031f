import { readFileSync, readdirSync } from "node:fs";
import { withSettings } from "../../docs/settings";
import { ENVIRONMENT_VARIABLES } from "../../lib/environment/environment-variables";
import { packagePath } from "../../lib/values/package-folder";

const README = readFileSync(packagePath("README.md"), "utf8");

describe("The table of settings in the README", () => {
  test("is the one that `npm run docs` writes", () => {
    expect(README).toBe(withSettings(README));
  });

  test("is found by its marks, and nothing else is touched", () => {
    const text = "before\n<!-- settings: begin -->\nold\n<!-- settings: end -->\nafter\n";

    expect(withSettings(text)).toMatch(
      /^before\n<!-- settings: begin -->\n\n\| variable [^]+\|\n\n<!-- settings: end -->\nafter\n$/,
    );
    expect(() => withSettings("no marks")).toThrow(
      "the marks <!-- settings: begin --> and <!-- settings: end --> are missing",
    );
  });

  test("names each variable once", () => {
    const names = ENVIRONMENT_VARIABLES.flatMap((variable): readonly string[] => variable.names);

    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test("holds no variable that nothing reads", () => {
    const readers = readdirSync(packagePath("lib", "environment"))
      .filter((name) => name !== "environment-variables.ts")
      .map((name) => packagePath("lib", "environment", name));
    const sources = [...readers, packagePath("cli", "docker", "docker.ts")].map((path) => readFileSync(path, "utf8"));
    const unread = ENVIRONMENT_VARIABLES.flatMap((variable): readonly string[] => variable.names).filter(
      (name) => !sources.some((source) => source.includes(`"${name}"`) || source.includes(`.${name}`)),
    );

    expect(unread).toEqual([]);
  });
});
