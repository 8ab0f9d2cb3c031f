const { execFileSync } = require("node:child_process");
const { join } = require("node:path");

/** Before the end-to-end tests: an engine, and what is tested besides the official images. Fails when it cannot be had. */
module.exports = function prepare() {
  const command = join(__dirname, "..", "..", "cli", "index.ts");
  execFileSync(process.execPath, ["--import", "tsx", command, "offline", "--yes"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
};
