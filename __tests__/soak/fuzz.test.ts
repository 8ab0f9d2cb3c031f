import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { packagePath } from "../../lib/values/package-folder";
import { goTest } from "../support/go-tests";

const HOUR = 60;
const FOLDER = packagePath("caddy", "plugin");
const TARGETS = readdirSync(FOLDER)
  .filter((file) => file.endsWith("_test.go"))
  .flatMap((file) => [...readFileSync(join(FOLDER, file), "utf8").matchAll(/^func (Fuzz\w+)\(/gm)])
  .map(([, name = ""]) => name);
const minutes = Number(process.env.FUZZ_MINUTES ?? HOUR) / TARGETS.length;

jest.setTimeout((minutes + 5) * 60_000);

test("There are targets for the fuzzer", () => {
  expect(TARGETS.length).toBeGreaterThan(3);
});

test.each(TARGETS)("No input of %s is read in two ways, in an equal part of an hour", async (target) => {
  const time = `-fuzztime=${Math.ceil(minutes * 60)}s`;
  const { code, stdout } = await goTest("caddy", "plugin", "-run=^$", `-fuzz=^${target}$`, time);

  // The fuzzer keeps the input below testdata/ in the plugin's folder.
  expect({ code, stdout: code === 0 ? "" : stdout }).toEqual({ code: 0, stdout: "" });
  expect(stdout).toContain("PASS");
});
