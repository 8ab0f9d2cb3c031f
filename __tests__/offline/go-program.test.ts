import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GoProgram } from "../../offline/go-program";

const root = mkdtempSync(join(tmpdir(), "go-program-"));

function gatewayOf(checkout: string, source: string): GoProgram {
  const folder = join(root, checkout);
  mkdirSync(folder);
  writeFileSync(join(folder, "main.go"), source);
  return new GoProgram("gateway", ".", [], [], [], folder);
}

test("Programs of two checkouts are one file only if their sources are equal", () => {
  const { file } = gatewayOf("a", "package main");

  expect(gatewayOf("b", "package main").file).toBe(file);
  expect(gatewayOf("c", "package main // older").file).not.toBe(file);
});
