import { goTest } from "../support/go-tests";

jest.setTimeout(15 * 60_000);

/** A line of `go test -json`. */
interface TestEvent {
  readonly Action: string;
  readonly Test?: string;
  readonly Output?: string;
}

test.each([
  { what: "The gateway's handlers", folder: "caddy", module: "plugin", tests: 500 },
  { what: "The backup program", folder: ".", module: "backup", tests: 25 },
])("$what passes its tests in Go, and no test is skipped", async ({ folder, module, tests }) => {
  const { code, stdout, stderr } = await goTest(folder, module, "-json", "./...");
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
  expect(ended("pass").length).toBeGreaterThan(tests);
});
