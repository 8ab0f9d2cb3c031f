import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contextHash } from "../../../lib/network/build-context";

const FILES = {
  Dockerfile: "FROM scratch\nCOPY . /\n",
  "b/main.go": "package main\n",
  "B/a.bin": "\0\r\n",
  "a.go": "x",
};

describe("The hash of a build context", () => {
  const root = fs.mkdtempSync(join(tmpdir(), "context-"));
  let count = 0;

  afterAll(() => fs.rmSync(root, { recursive: true }));
  afterEach(() => jest.restoreAllMocks());

  function hashOf(files: { [path: string]: string }): string {
    const folder = join(root, String(count++));
    for (const [path, content] of Object.entries(files)) {
      fs.mkdirSync(join(folder, path, ".."), { recursive: true });
      fs.writeFileSync(join(folder, path), content);
    }
    return contextHash(folder);
  }

  test("does not depend on the order in which a file system lists a folder", () => {
    const listed = hashOf(FILES);
    const { readdirSync } = fs;
    jest.spyOn(fs, "readdirSync").mockImplementation(((path: string) => readdirSync(path).reverse()) as never);

    expect(hashOf(FILES)).toBe(listed);
  });

  test("does not depend on the line ends of a checkout, but on every other byte", () => {
    const { Dockerfile } = FILES;

    expect(hashOf({ ...FILES, Dockerfile: Dockerfile.replaceAll("\n", "\r\n") })).toBe(hashOf(FILES));
    for (const changed of [
      { ...FILES, Dockerfile: `${Dockerfile} ` },
      { ...FILES, "B/a.bin": "\0\n" },
      { ...FILES, new: "" },
      { Dockerfile },
    ]) {
      expect(hashOf(changed)).not.toBe(hashOf(FILES));
    }
  });
});
