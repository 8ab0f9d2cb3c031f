import { knownDumps, reportIn, selectDump, tellDumps, tellReturn } from "../../../cli/backup/dumps";
import type { Deployment } from "../../../cli/deployment/deployment";
import type { DumpRecord, DumpReport } from "../../../lib/contract/dumps";

const ago = (hours: number) => new Date(Date.now() - hours * 3600 * 1000).toISOString();
const record = (id: string, given: Partial<DumpRecord> = {}): DumpRecord => ({
  id,
  time: ago(3),
  bytes: 1024,
  revision: "aaa",
  from: { image: "m:3.16.1", id: "sha256:old", version: "3.16.1" },
  to: { image: "m:3.17.2", id: "sha256:new" },
  ...given,
});

/** A stack whose dump job has said this, and whose server has started at a time. */
function stack(report: DumpReport, started: string, image = "sha256:new") {
  const containers: { [name: string]: object } = {
    dump: { Id: "dump", Name: "dump", Created: ago(5), State: { Status: "exited" } },
    server: {
      Id: "server",
      Config: { Image: image },
      State: { Status: "running", StartedAt: started, Health: { Status: "healthy" } },
    },
  };
  const docker = {
    containers: async (names: string[]) => names.map((name) => containers[name]),
    logs: async () => `what it said\n{"dumps":[]}\n${JSON.stringify(report)}`,
    imageId: async (name: string) => ({ "m:3.17.2": "sha256:new" })[name] ?? name,
  };
  const synthesized = { dumpJobs: ["dump"], servers: ["server"], serverImages: ["m:3.17.2"] };
  return { docker, synthesized } as unknown as Deployment;
}

describe("Dumps", () => {
  test("are told in one line, with the command that goes back", () => {
    expect(tellDumps(undefined)).toEqual([]);
    const [line, ...others] = tellDumps({ job: "dump", isWorking: false, dumps: [record("000001"), record("000002")] });

    expect(line).toMatch(
      /^Last dump of the database: 3 h ago, before MLflow 3\.16\.1 became 3\.17\.2\. To go back: .*rollback$/,
    );
    expect(others).toEqual([]);
  });

  test("that were restored are told so, and offer no way back again", () => {
    const [line] = tellDumps({ job: "dump", isWorking: false, dumps: [record("000001", { rolledBack: ago(1) })] });

    expect(line).toMatch(/rolled back 60 min ago\.$/);
  });

  test("come from the last line of the job that is a report", async () => {
    const report = { dumps: [record("000001")] };

    expect((await knownDumps(stack(report, ago(1))))?.dumps).toEqual(report.dumps);
    expect(reportIn("nothing")).toBeUndefined();
  });

  test.each([
    ["the last one", undefined, "000003"],
    ["the one that is named", "2", "000002"],
  ])("are chosen: %s", (_what, wanted, expected) => {
    const dumps = [record("000002"), record("000003")];

    expect(selectDump({ dumps }, wanted).id).toBe(expected);
  });

  test("are chosen by the rollback that has begun", () => {
    const dumps = [record("000002", { rolledBack: ago(1) }), record("000003")];

    expect(selectDump({ dumps, rollback: { dump: "000002", since: ago(1), isRestored: true } }).id).toBe("000002");
  });

  test("are refused if there is none, another number, or one that was restored already", () => {
    expect(() => selectDump({ dumps: [] })).toThrow("there is no dump to go back to");
    expect(() => selectDump({ dumps: [record("000001")] }, "7")).toThrow("there is no dump 7");
    expect(() => selectDump({ dumps: [record("000001", { rolledBack: ago(1) })] })).toThrow(
      "restored 60 min ago already",
    );
  });
});

describe("A rollback that has begun", () => {
  const rollback = { dump: "000001", since: ago(2), isRestored: true };

  test("is told until a server has started after it", async () => {
    const begun = tellDumps(await knownDumps(stack({ dumps: [record("000001")], rollback }, ago(3))));
    expect(begun[0]).toMatch(/^A rollback to the dump 000001 of .* has not ended\. The database is that of the dump\./);
    expect(begun[0]).toMatch(/To finish it: .*rollback$/);

    expect((await knownDumps(stack({ dumps: [], rollback }, ago(1))))?.rollback).toBeUndefined();
  });

  test("has changed nothing before the dump is restored", async () => {
    const known = await knownDumps(stack({ dumps: [], rollback: { ...rollback, isRestored: false } }, ago(3)));

    expect(tellDumps(known)[0]).toContain("The database is as it was before.");
  });
});

describe("up after a rollback", () => {
  const dumps = [record("000001", { rolledBack: ago(2) })];

  test("says that it leaves the MLflow that was brought back", async () => {
    expect(await tellReturn(stack({ dumps }, ago(1), "sha256:old"))).toEqual([
      "This stack was rolled back 2 h ago to MLflow 3.16.1. Now it goes to m:3.17.2, which may migrate the database again.",
    ]);
  });

  test("says nothing if it stays, or if there was none", async () => {
    expect(await tellReturn(stack({ dumps }, ago(1), "sha256:new"))).toEqual([]);
    expect(await tellReturn(stack({ dumps: [record("000001")] }, ago(1), "sha256:old"))).toEqual([]);
  });
});
