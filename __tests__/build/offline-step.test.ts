import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packagePath } from "../../lib/values/package-folder";
import { runOk } from "../support/run";

const cache = mkdtempSync(join(tmpdir(), "offline-step-"));

// Runs in a separate process, because jest cannot load execa, which is an ES module.
const SCRIPT = `
const { runStep } = require("./offline/step");
const { provideEngine } = require("./offline/engine");
const lines = [];
const shell = (name, script) => runStep({ name, program: "sh", arguments: ["-c", script], progress: (line) => lines.push(line) });
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
  }));
})();
`;

describe("A step", () => {
  let seen: { [name: string]: unknown } = {};

  beforeAll(async () => {
    const env = { XDG_CACHE_HOME: cache, DOCKER_HOST: "unix:///nonexistent/docker.sock" };
    seen = JSON.parse(await runOk(process.execPath, ["--import", "tsx", "-e", SCRIPT], { cwd: packagePath(), env }));
  });

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
