import { imageOf, rollbackSteps } from "../../../cli/backup/rollback-steps";
import type { Deployment } from "../../../cli/deployment/deployment";
import type { Docker } from "../../../cli/docker/docker";
import type { DumpRecord } from "../../../lib/contract/dumps";

const OLD = `sha256:${"1".repeat(64)}`;
const DUMP: DumpRecord = {
  id: "000001",
  time: "2026-11-30T05:00:00Z",
  bytes: 1024,
  revision: "aaa",
  from: { image: "localhost/m:3.16.1", id: OLD, version: "3.16.1" },
  to: { image: "localhost/m:3.17.2", id: "sha256:new" },
};
let done: string[];

async function runAll(exitCode: number, text: string): Promise<void> {
  const docker = {
    containers: async (names: string[]) => names.map((Id) => ({ Id })),
    setRunning: async (name: string, running: boolean) => void done.push(`${running ? "start" : "stop"} ${name}`),
    waitFor: async (job: string) => void done.push(`wait for ${job}`),
    put: async (_job: string, path: string, content: string) =>
      void done.push(`${path}: ${content.replace(/ \d+\n$/, " now")}`),
    runAgain: async (job: string) => {
      done.push(`run ${job}`);
      return { exitCode, text };
    },
  };
  const deployment = { docker, synthesized: { servers: ["server"] } } as unknown as Deployment;
  for (const { run } of rollbackSteps(deployment, "dump", DUMP)) await run({ progress: () => {}, rename: () => {} });
}

const report = (isRestored: boolean) =>
  JSON.stringify({ dumps: [DUMP], rollback: { dump: "000001", since: "2026-11-30T06:00:00Z", isRestored } });

beforeEach(() => (done = []));

describe("A rollback", () => {
  test("stops the server, and has the dump's job restore it; the request does not stay", async () => {
    await runAll(0, `${report(false)}\nrestored the dump 000001\n${report(true)}`);

    expect(done).toEqual(["stop server", "wait for dump", "/tmp/rollback: 000001 now", "run dump", "/tmp/rollback: "]);
  });

  test.each([
    [
      "the job fails",
      1,
      `${report(false)}\nThe dump 000001 could not be restored`,
      "The dump 000001 could not be restored",
    ],
    ["the job has dumped instead", 0, '{"dumps":[]}', "did not take the request to restore the dump 000001"],
  ])("that fails starts the server again: %s", async (_what, exitCode, text, message) => {
    await expect(runAll(exitCode, text)).rejects.toThrow(message);

    expect(done.slice(-2)).toEqual(["/tmp/rollback: ", "start server"]);
  });
});

describe("The image of a dump", () => {
  const engine = (images: { [name: string]: string }) =>
    ({
      imageId: async (name: string) => images[name],
      tag: async (id: string, name: string) => void done.push(`${id} is ${name}`),
    }) as unknown as Docker;

  test("is its digest if it came from a registry", async () => {
    const id = `ghcr.io/m@${OLD}`;
    expect(await imageOf(engine({}), { ...DUMP, from: { ...DUMP.from, id } })).toBe(id);
  });

  test("is its name as long as that means the same", async () => {
    expect(await imageOf(engine({ "localhost/m:3.16.1": OLD, [OLD]: OLD }), DUMP)).toBe("localhost/m:3.16.1");
    expect(done).toEqual([]);
  });

  test("gets another name if its own has moved to another image", async () => {
    expect(await imageOf(engine({ "localhost/m:3.16.1": "sha256:other", [OLD]: OLD }), DUMP)).toBe(
      "localhost/m:3.16.1-111111111111",
    );
    expect(done).toEqual([`${OLD} is localhost/m:3.16.1-111111111111`]);
  });

  test("must be on the engine", async () => {
    await expect(imageOf(engine({}), DUMP)).rejects.toThrow("is no longer on this engine: localhost/m:3.16.1");
  });
});
