import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { packagePath } from "../../lib/values/package-folder";
import { GuardRule } from "../../lib/guard/guard-rule";
import { FEATURES } from "../../lib/server/features";
import { ROUTE_TABLE } from "../support/route-table";
import { GUIDES, PAGES, anchorsOf, proseOf, textOf } from "../support/docs/pages";

const WIDTH = 120;

/** The links of a page to files of the repository: file and anchor. */
function linksOf(page: string): { link: string; file: string; anchor: string }[] {
  return [...proseOf(page).matchAll(/\]\((?!https?:)([^)#]*)#?([^)]*)\)/g)].map(([link, path = "", anchor = ""]) => ({
    link,
    file: path === "" ? page : join(dirname(page), path),
    anchor,
  }));
}

describe("The pages", () => {
  test.each(PAGES)("of %s lead to files and headings that exist", (page) => {
    const broken = linksOf(page).filter(({ file, anchor }) => {
      if (!existsSync(packagePath(file))) return true;
      return anchor !== "" && !(file.endsWith(".md") && anchorsOf(file).includes(anchor));
    });

    expect(broken.map(({ link }) => link)).toEqual([]);
  });

  test("have links, and headings that a link can lead to", () => {
    expect(linksOf("README.md").length).toBeGreaterThan(20);
    expect(linksOf("README.md").filter(({ anchor }) => anchor !== "").length).toBeGreaterThan(5);
    expect(anchorsOf("docs/settings.md")).toContain("address-and-tls");
  });

  test.each(GUIDES)("of %s fit into a terminal", (page) => {
    const wide = textOf(page)
      .split("\n")
      .filter((line) => line.length > WIDTH);

    expect(wide).toEqual([]);
  });

  test("of docs/ are all in its index", () => {
    const listed = linksOf("docs/README.md").map(({ file }) => file);
    const pages = GUIDES.filter((page) => page.startsWith("docs/") && page !== "docs/README.md");

    expect(pages.length).toBeGreaterThan(5);
    expect(pages.filter((page) => !listed.includes(page))).toEqual([]);
  });
});

describe("The page of features", () => {
  const listed = [...textOf("docs/features.md").matchAll(/^- \*\*`(\w+)`\*\* \((on|off)\)/gm)];

  test("lists every feature that the gateway knows, and no other", () => {
    const routes = ROUTE_TABLE.groups.flatMap(({ feature }) => (feature ? [feature] : []));

    expect(new Set(listed.map(([, name]) => name))).toEqual(new Set(routes));
  });

  test("says of every member of server.features whether it is on by default", () => {
    expect(Object.fromEntries(listed.map(([, name, state]) => [name, state]))).toEqual(
      Object.fromEntries(Object.entries(FEATURES).map(([feature, on]) => [feature, on ? "on" : "off"])),
    );
  });
});

test("The page of the guard lists every rule", () => {
  const listed = [...textOf("docs/guard.md").matchAll(/^- \*\*`(\w+)`\*\*/gm)].map(([, name]) => name);

  expect(listed).toEqual(Object.values(GuardRule));
});
