import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const CADDY_FOLDER = resolve(__dirname, "../../caddy");

/** Every setting that the gateway's construct gives, and nothing else may be asked for. */
const KNOWN_SETTINGS = [
  "AUTH_METHOD",
  "AUTH_USERNAME",
  "RATE_LIMIT_EVENTS",
  "RATE_LIMIT_WINDOW",
  "SITE_ADDRESS",
  "STORE",
  "STORE_AUTHORITY",
  "STORE_PATH",
  "STORE_SCHEME",
  "STRICT_TRANSPORT_SECURITY",
  "TRANSFERS",
  "UPSTREAM",
  "UPSTREAM_WAIT",
  "URL_SCHEME",
];

const files = readdirSync(CADDY_FOLDER, { recursive: true, encoding: "utf8" })
  .filter((path) => path === "Caddyfile" || path.endsWith(".caddy"))
  .map((path) => ({ path, text: readFileSync(join(CADDY_FOLDER, path), "utf8") }));

/** Without comments, which may speak of settings in general. */
function directives(text: string): string {
  return text
    .split("\n")
    .filter((line) => !line.trimStart().startsWith("#"))
    .join("\n");
}

function settingsOf(text: string): string[] {
  return [...directives(text).matchAll(/\{(?:\$|env\.)([A-Za-z0-9_]+)/g)].map((match) => match[1]);
}

test("the gateway consists of the expected files", () => {
  expect(files.map(({ path }) => path).sort()).toEqual([
    "Caddyfile",
    "auth/basic.caddy",
    "transfers/direct.caddy",
    "transfers/proxied.caddy",
    "transfers/reachable.caddy",
  ]);
});

test("the files use every known setting and no other", () => {
  const used = new Set(files.flatMap(({ text }) => settingsOf(text)));
  expect([...used].sort()).toEqual(KNOWN_SETTINGS);
});

test("no setting has a default in the files, so that a forgotten one is noticed", () => {
  for (const { text } of files) expect(directives(text)).not.toMatch(/\{\$[A-Z_]+:/);
});

test("the documentation lists exactly the known settings", () => {
  const readme = readFileSync(join(CADDY_FOLDER, "README.md"), "utf8");
  const listed = [...readme.matchAll(/^\| `([A-Z_]+)` +\|/gm)].map((match) => match[1]);
  expect(listed.sort()).toEqual(KNOWN_SETTINGS);
});

test("free text reaches Caddy as a placeholder and is never parsed as part of the configuration", () => {
  const text = files.map((file) => directives(file.text)).join("\n");
  expect(text).not.toMatch(/\{\$(AUTH_USERNAME|STRICT_TRANSPORT_SECURITY)\}/);
});

test("every kind of transfers defines the snippets that the Caddyfile imports", () => {
  const [caddyfile] = files.filter(({ path }) => path === "Caddyfile");
  for (const { text } of files.filter(({ path }) => path.startsWith("transfers/"))) {
    const snippets = [...text.matchAll(/^\((transfers_\w+)\) \{$/gm)].map((match) => match[1]);
    expect(snippets).toEqual(["transfers_before_login", "transfers_after_login"]);
    for (const snippet of snippets) expect(caddyfile.text).toMatch(new RegExp(`^\\t+import ${snippet}$`, "m"));
  }
});

test("nothing in the image is unpinned", () => {
  const dockerfile = readFileSync(join(CADDY_FOLDER, "Dockerfile"), "utf8");
  for (const [, image] of dockerfile.matchAll(/^FROM (\S+)/gm)) expect(image).toMatch(/:\$\{IMAGE_VERSION\}-/);
  for (const [, module] of dockerfile.matchAll(/--with (\S+)/g)) expect(module).toMatch(/@v\d+\.\d+\.\d+/);
  expect(dockerfile).toMatch(/^ARG IMAGE_VERSION=\d+\.\d+\.\d+$/m);
  expect(dockerfile).toMatch(/^ARG CADDY_RELEASE=v\d+\.\d+\.\d+$/m);
});
