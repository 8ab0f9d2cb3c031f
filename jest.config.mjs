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
const withEngine = { globalSetup: "<rootDir>/__tests__/support/prepare.js" };

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
    folder("build"),
    { ...folder("e2e"), ...withEngine },
    { ...folder("soak"), ...withEngine },
  ],
};
