import { packagePath } from "../../lib/values/package-folder";
import { run } from "../support/run";

jest.setTimeout(15 * 60_000);

// Runs in a separate process, because jest cannot load execa, which is an ES module.
const SCRIPT = `
const { runGo } = require("./offline/go-builder");
runGo({
  name: "test",
  folder: process.argv[1],
  modules: [],
  arguments: ["test", "-C", "plugin", "-json", "./..."],
  progress: console.log,
}).catch(({ message }) => {
  console.error(message);
  process.exitCode = 1;
});
`;

/** A line of `go test -json`. */
interface TestEvent {
  readonly Action: string;
  readonly Test?: string;
  readonly Output?: string;
}

test("The gateway's handlers pass their tests in Go, and no test is skipped", async () => {
  const { code, stdout, stderr } = await run(
    process.execPath,
    ["--import", "tsx", "-e", SCRIPT, packagePath("caddy")],
    { cwd: packagePath() },
  );
  const events = stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as TestEvent);
  const ended = (how: string) => events.filter(({ Action, Test }) => Test && Action === how).map(({ Test }) => Test);
  const outputOf = (name: string | undefined) =>
    events.map(({ Test, Output }) => (Test === name ? Output : "")).join("");

  expect(ended("fail").map((name) => `${name}\n${outputOf(name)}`)).toEqual([]);
  expect(ended("skip")).toEqual([]);
  // A module that does not compile has no test.
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(ended("pass").length).toBeGreaterThan(500);
});
