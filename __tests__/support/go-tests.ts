import { packagePath } from "../../lib/values/package-folder";
import { run } from "./run";

// Runs in a separate process, because jest cannot load execa, which is an ES module.
const SCRIPT = `
const { runGo } = require("./offline/go-builder");
const [folder, ...words] = process.argv.slice(1);
runGo({
  name: "test",
  folder,
  modules: [],
  arguments: words,
  progress: console.log,
}).catch(({ message }) => {
  console.error(message);
  process.exitCode = 1;
});
`;

/**
 * Runs the tests of a Go module, and returns what it prints.
 *
 * @param folder the folder of this package in which `module` is.
 * @param options further options of `go test`.
 */
export function goTest(folder: string, module: string, ...options: string[]) {
  const words = ["--import", "tsx", "-e", SCRIPT, packagePath(folder), "test", "-C", module, ...options];
  return run(process.execPath, words, { cwd: packagePath() });
}
