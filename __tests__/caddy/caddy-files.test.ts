import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const CADDY_FOLDER = resolve(__dirname, "../../caddy");

const files = readdirSync(CADDY_FOLDER, { recursive: true, encoding: "utf8" })
  .filter((path) => path === "Caddyfile" || path.endsWith(".caddy"))
  .map((path) => ({ path, text: readFileSync(join(CADDY_FOLDER, path), "utf8") }));

/** The text without comments, which may name settings. */
function directives(text: string): string {
  return text
    .split("\n")
    .filter((line) => !line.trimStart().startsWith("#"))
    .join("\n");
}

function settingsOf(text: string): string[] {
  return [...directives(text).matchAll(/\{(?:\$|env\.)([A-Za-z0-9_]+)/g)].map((match) => match[1]);
}

test("no setting has a default in the files, so that a forgotten one is noticed", () => {
  for (const { text } of files) expect(directives(text)).not.toMatch(/\{\$\w+:/);
});

test("the documentation lists exactly the settings that the files read", () => {
  const used = new Set(files.flatMap(({ text }) => settingsOf(text)));
  const readme = readFileSync(join(CADDY_FOLDER, "README.md"), "utf8");
  const listed = [...readme.matchAll(/^\| `([A-Z0-9_]+)` +\|/gm)].map((match) => match[1]);
  expect(listed.sort()).toEqual([...used].sort());
});

test("free text reaches Caddy as a placeholder and is never parsed as part of the configuration", () => {
  const text = files.map((file) => directives(file.text)).join("\n");
  expect(text).not.toMatch(/\{\$(STRICT_TRANSPORT_SECURITY|CONTENT_SECURITY_POLICY)/);
});

test.each([
  ["transfers", ["transfers_before_login", "transfers_upload", "transfers_after_login"]],
  ["tls", ["tls_options", "tls_server", "tls_site", "tls_other_sites"]],
])("every file of %s defines the snippets that the Caddyfile imports", (folder, expected) => {
  const [caddyfile] = files.filter(({ path }) => path === "Caddyfile");
  const inFolder = files.filter(({ path }) => path.startsWith(`${folder}/`));
  expect(inFolder.length).toBeGreaterThan(2);
  for (const { text } of inFolder) {
    const snippets = [...text.matchAll(/^\((\w+)\) \{$/gm)]
      .map((match) => match[1])
      .filter((name) => !name.startsWith("store_"));
    expect(snippets).toEqual(expected);
    for (const snippet of snippets) expect(caddyfile.text).toMatch(new RegExp(`^\\t*import ${snippet}$`, "m"));
  }
});

test("nothing in the image is unpinned", () => {
  const dockerfile = readFileSync(join(CADDY_FOLDER, "plugin", "Dockerfile"), "utf8");
  const found = (pattern: RegExp) => [...dockerfile.matchAll(pattern)].map(([, name]) => name);
  const pinnedImage = expect.stringMatching(/:\$\{IMAGE_VERSION\}-/);
  const pinnedModule = expect.stringMatching(/@v\d+\.\d+\.\d+/);
  expect(found(/^FROM (\S+)/gm)).toEqual([pinnedImage, pinnedImage]);
  expect(found(/--with (\S+)/g)).toEqual([pinnedModule, pinnedModule, pinnedModule]);
  expect(dockerfile).toMatch(/^ARG IMAGE_VERSION=\d+\.\d+\.\d+$/m);
  expect(dockerfile).toMatch(/^ARG CADDY_RELEASE=v\d+\.\d+\.\d+$/m);
});
