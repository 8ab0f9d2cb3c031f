import { mkdirSync, mkdtempSync, readFileSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { packagePath } from "../../lib/values/package-folder";
import { RELEASES } from "../../lib/values/releases";
import { runOk } from "../support/run";

const cache = mkdtempSync(join(tmpdir(), "offline-step-"));
const programs = join(cache, "cdktf-mlflow", "bin");
// In place of a compiler: the program is its source.
const GO = `#!/bin/sh
if [ "$1" = env ]; then printf 'go${RELEASES.go}\nauto\n'; exit; fi
while [ "$1" != -o ]; do shift; done
cp main.go "$2"
`;

// Builds of other sources, and their ages in days.
const OLD = ["gateway-0123456789ab", 31] as const;
const RECENT = ["gateway-ba9876543210", 29] as const;
const OTHER = ["minio-0123456789ab", 31] as const;

// Runs in a separate process, because jest cannot load execa, which is an ES module.
const SCRIPT = `
const { runStep } = require("./offline/step");
const { provideEngine } = require("./offline/engine");
const { readFileSync } = require("node:fs");
const { GoProgram } = require("./offline/go-program");
const lines = [];
const shell = (name, script) => runStep({ name, program: "sh", arguments: ["-c", script], progress: (line) => lines.push(line) });
const buildIn = async (checkout) => {
  const program = new GoProgram("gateway", ".", [], [], [], process.env.CHECKOUTS + "/" + checkout);
  await program.build(() => {});
  return [readFileSync(program.file, "utf8"), await program.build(() => {})];
};
const failure = (work) => work.then(() => "", ({ name, message }) => name + ": " + message);
(async () => {
  await shell("lines", "echo one; echo; echo two >&2; echo '  three'");
  const shown = lines.splice(0).sort();
  console.log(JSON.stringify({
    lines: shown,
    failed: await failure(shell("image-caddy", "seq 1 40; echo 'no such package: cady' >&2; exit 3")),
    hidden: await failure(runStep({
      name: "go-caddy",
      program: "sh",
      arguments: ["-c", "echo '# net/http'; echo 'main.go:3: undefined: x'; for i in $(seq 99); do echo net/http; done; exit 1"],
      noise: /^[a-z/]+$/,
    })),
    missing: await failure(runStep({ name: "start", program: "no-such-program", arguments: [] })),
    killed: await failure(shell("killed", "kill -9 $$")),
    engine: await failure(provideEngine(() => {})),
    programs: await Promise.all(["one", "two"].map((checkout) => buildIn(checkout))),
  }));
})();
`;

let seen: { [name: string]: unknown } = {};

beforeAll(async () => {
  for (const checkout of ["one", "two"]) {
    mkdirSync(join(cache, checkout));
    writeFileSync(join(cache, checkout, "main.go"), `gateway of ${checkout}`);
  }
  writeFileSync(join(cache, "go"), GO, { mode: 0o755 });
  mkdirSync(programs, { recursive: true });
  for (const [name, days] of [OLD, RECENT, OTHER] as const) {
    writeFileSync(join(programs, name), "");
    utimesSync(join(programs, name), new Date(), new Date(Date.now() - days * 24 * 60 * 60 * 1000));
  }
  const env = {
    XDG_CACHE_HOME: cache,
    CHECKOUTS: cache,
    DOCKER_HOST: "unix:///nonexistent/docker.sock",
    PATH: `${cache}${delimiter}${process.env.PATH}`,
  };
  seen = JSON.parse(await runOk(process.execPath, ["--import", "tsx", "-e", SCRIPT], { cwd: packagePath(), env }));
});

describe("A step", () => {
  test("that fails shows the end of its output, and the path of the whole log", () => {
    const log = join(cache, "cdktf-mlflow", "logs", "image-caddy.log");

    expect(seen.failed).toBe(
      [
        "StepError: image-caddy failed: exit code 3",
        ...Array.from({ length: 24 }, (_, index) => String(index + 17)),
        "no such package: cady",
        `The whole log: ${log}`,
      ].join("\n"),
    );
    expect(readFileSync(log, "utf8")).toMatch(/^1\n2\n/);
  });

  test("that fails shows the error, even after many lines of progress", () => {
    expect(seen.hidden).toMatch(
      /^StepError: go-caddy failed: exit code 1\n# net\/http\nmain\.go:3: undefined: x\nThe whole log: /,
    );
  });

  test("whose program is missing names it", () => {
    expect(seen.missing).toContain("start failed: Command failed with ENOENT: no-such-program");
  });

  test("that is killed does not pass", () => {
    expect(seen.killed).toContain("killed failed: Command was killed with SIGKILL");
  });

  test("shows each line as it comes", () => {
    expect(seen.lines).toEqual(["one", "three", "two"]);
  });

  test("installs no engine here while Docker is set to use another one", () => {
    expect(seen.engine).toBe(
      "StepError: Docker is set to use 'unix:///nonexistent/docker.sock', which does not answer.",
    );
  });
});

describe("A program in Go", () => {
  test("is the one of the checkout that builds it, also beside another checkout", () => {
    expect(seen.programs).toEqual([
      ["gateway of one", false],
      ["gateway of two", false],
    ]);
  });

  test("leaves no half of a build, and its own builds only for a month", () => {
    const found = readdirSync(programs);

    expect(found).toHaveLength(4);
    expect(found).toEqual(expect.arrayContaining([RECENT[0], OTHER[0]]));
  });
});
