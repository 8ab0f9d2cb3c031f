// npm sets these for `npm test` and not for `npx jest`, and the commands name themselves by them.
for (const name of Object.keys(process.env)) if (/^npm_(package|lifecycle)_/.test(name)) delete process.env[name];

const COMMON = {
  testEnvironment: "node",
  transform: {
    "^.+\\.[jt]s$": [
      "@swc/jest",
      { jsc: { parser: { syntax: "typescript" }, target: "es2022" }, module: { type: "commonjs" } },
    ],
  },
};

/** The tests that are slower than those beside the sources, a folder each. */
const FOLDERS = ["build", "e2e", "soak"];
const folder = (name) => ({ ...COMMON, displayName: name, testMatch: [`<rootDir>/__tests__/${name}/**/*.test.ts`] });
// These kill the engine, or measure times that a busy machine changes.
const ALONE = ["killed-engine", "failed-logins", "hostile", "limits"].map(
  (name) => `<rootDir>/__tests__/e2e/${name}.test.ts`,
);
const withEngine = { globalSetup: "<rootDir>/__tests__/support/prepare.ts" };

export default {
  reporters: ["default", "<rootDir>/__tests__/support/count-reporter.js"],
  projects: [
    {
      ...COMMON,
      displayName: "unit",
      testMatch: ["<rootDir>/__tests__/**/*.test.ts"],
      testPathIgnorePatterns: ["/node_modules/", `<rootDir>/__tests__/(${FOLDERS.join("|")})/`],
      testEnvironment: "<rootDir>/__tests__/support/synthesis-environment.js",
    },
    { ...folder("build"), globalSetup: "<rootDir>/__tests__/support/compiled.ts" },
    { ...folder("e2e"), ...withEngine, testPathIgnorePatterns: ["/node_modules/", ...ALONE] },
    { ...folder("e2e"), ...withEngine, testMatch: ALONE, runner: "<rootDir>/__tests__/support/serial-runner.js" },
    { ...folder("soak"), ...withEngine },
  ],
};
