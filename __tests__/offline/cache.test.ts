import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cachePath, contentHash, isCurrent, markCurrent } from "../../offline/cache";

function folder(files: { [name: string]: string }): string {
  const root = mkdtempSync(join(tmpdir(), "offline-"));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return root;
}

describe("A build", () => {
  test("has the same hash in any folder", () => {
    const files = { Dockerfile: "FROM scratch", "bin/entrypoint.sh": "exec" };

    expect(contentHash([folder(files)])).toBe(contentHash([folder(files)]));
  });

  test.each([
    ["a file's content", { Dockerfile: "FROM debian", run: "exec" }],
    ["a file's name", { Containerfile: "FROM scratch", run: "exec" }],
    ["a further file", { Dockerfile: "FROM scratch", run: "exec", more: "" }],
    ["where one file ends and the next begins", { Dockerfile: "FROM scratchrunexec" }],
    ["where a file's name ends and its content begins", { Dockerfile: "FROM scratch", rune: "xec" }],
  ])("has another hash after a change of %s", (_change, files) => {
    const before = contentHash([folder({ Dockerfile: "FROM scratch", run: "exec" })]);

    expect(contentHash([folder(files)])).not.toBe(before);
  });

  test("has the same hash with and without tests in Go and pages, which the package leaves out", () => {
    const files = { "access.go": "package gateway" };

    expect(contentHash([folder({ ...files, "access_test.go": "", "README.md": "" })])).toBe(
      contentHash([folder(files)]),
    );
  });

  test("has another hash after a change of its arguments", () => {
    expect(contentHash([], "a", "bc")).not.toBe(contentHash([], "ab", "c"));
  });

  test("is current only while its result is there and its hash the same", () => {
    const file = join(folder({}), "program");
    expect(isCurrent(file, "1")).toBe(false);

    markCurrent(file, "1");
    expect(isCurrent(file, "1")).toBe(false);

    writeFileSync(file, "");
    expect(isCurrent(file, "1")).toBe(true);
    expect(isCurrent(file, "2")).toBe(false);
  });

  test("lies under the user's cache directory", () => {
    const before = process.env.XDG_CACHE_HOME;
    process.env.XDG_CACHE_HOME = "/somewhere";
    try {
      expect(cachePath("bin", "caddy")).toBe("/somewhere/cdktf-mlflow/bin/caddy");
    } finally {
      if (before === undefined) delete process.env.XDG_CACHE_HOME;
      else process.env.XDG_CACHE_HOME = before;
    }
  });
});
