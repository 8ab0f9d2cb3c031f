import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import {
  cachePath,
  contentHash,
  isCurrent,
  markCurrent,
  removeKilledBuilds,
  withBuildFolder,
} from "../../offline/cache";
import { withEnvironment } from "../support/environment";

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

describe("The folder of a build", () => {
  const cache = folder({});
  withEnvironment({ XDG_CACHE_HOME: cache });
  const parent = join(cache, "cdktf-mlflow", "context");

  test("is private, and another one for each of two builds at once", async () => {
    await withBuildFolder("mlflow", (first) =>
      withBuildFolder("mlflow", async (second) => {
        writeFileSync(join(first, "pip-environment"), "");
        expect(readdirSync(second)).toEqual([]);
        expect(statSync(first).mode & 0o777).toBe(0o700);
      }),
    );
  });

  test("is removed after a build that fails, too", async () => {
    await expect(withBuildFolder("mlflow", () => Promise.reject(new Error("no disk")))).rejects.toThrow("no disk");

    expect(readdirSync(parent)).toEqual([]);
  });

  test("of a killed build is removed by the next command, and that of a running one is not", async () => {
    const { pid } = spawnSync("true");
    const killed = join(parent, `mlflow-${pid}@${hostname()}-a1B2c3`);
    mkdirSync(killed);

    await withBuildFolder("mlflow", async (busy) => {
      removeKilledBuilds();
      expect([existsSync(killed), existsSync(busy)]).toEqual([false, true]);
    });
  });

  test("of a killed build of another host is removed by a build on a later day, and a new one is not", async () => {
    const [killed, busy] = [join(parent, "mlflow-1@other-killed"), join(parent, "mlflow-1@other-busy")];
    for (const left of [killed, busy]) mkdirSync(left);
    utimesSync(killed, new Date(), new Date(Date.now() - 25 * 60 * 60 * 1000));

    await withBuildFolder("gateway", async () => {});

    expect([existsSync(killed), existsSync(busy)]).toEqual([false, true]);
  });
});
