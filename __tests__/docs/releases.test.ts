import { readFileSync } from "node:fs";
import { RELEASE_PAGES } from "../../docs/releases";
import { packagePath } from "../../lib/values/package-folder";

test.each(RELEASE_PAGES)("The part of $path that names releases is the one that `npm run docs` writes", (page) => {
  const text = readFileSync(packagePath(...page.path), "utf8");

  expect(page.render(text)).toBe(text);
});
