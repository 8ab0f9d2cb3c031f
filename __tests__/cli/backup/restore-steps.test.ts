import { BackupError } from "../../../cli/backup/backup-service";
import type { BackupService } from "../../../cli/backup/backup-service";
import { restoreFilesStep, restoreSteps } from "../../../cli/backup/restore-steps";
import type { Deployment } from "../../../cli/deployment/deployment";
import { BackupStatus } from "../../../lib/contract/backup";
import { backupRecord } from "../../support/backup-record";

const BACKUP = backupRecord("one", "2026-11-30T05:00:00Z");
let done: string[];

/** A deployed stack that notes what is done to it. */
function stack(restore: () => Promise<unknown>, jobStatus = 0) {
  const existing = (names: string[]) =>
    names.map((Name) => ({ Id: Name, Name, State: { Status: "running", Health: { Status: "healthy" } } }));
  const docker = {
    containers: async (names: string[]) => existing(names),
    setRunning: async (name: string, running: boolean) => void done.push(`${running ? "start" : "stop"} ${name}`),
    runAgain: async (job: string) => {
      done.push(`run ${job}`);
      return { exitCode: jobStatus, text: "the job's words" };
    },
    execOutput: async () => ({ exitCode: 0, text: "" }),
  };
  const service = {
    shell: async (line: string) => void done.push(line.startsWith("rm") ? "forget" : "note"),
    ask: async (words: string[]) => {
      done.push(words.join(" "));
      return { report: await restore(), isDamaged: false };
    },
  };
  const synthesized = {
    servers: ["server"],
    services: ["server"],
    bucketJobs: ["bucket"],
    dumpJobs: ["dump"],
    markingJobs: ["migration"],
  };
  const terraform = { state: async () => ({ output: () => undefined }) };
  return {
    deployment: { docker, synthesized, terraform } as unknown as Deployment,
    service: service as unknown as BackupService,
  };
}

async function runAll({ deployment, service }: ReturnType<typeof stack>, overwrite = false): Promise<void> {
  const show = { progress: () => {}, rename: () => {} };
  for (const { run } of restoreSteps(deployment, service, { backup: BACKUP, overwrite }, () => {})) await run(show);
}

beforeEach(() => (done = []));

describe("A restore of some files", () => {
  test("asks for them alone, with the server running, and says what was overwritten", async () => {
    const { service } = stack(async () => ({ written: 3, replaced: 2, unchanged: 1, bytes: 5, seconds: 0.1 }));
    const choice = { words: ["--only-run", "abc"] as const, subject: "the files of the run abc" };
    const step = restoreFilesStep(service, { backup: BACKUP, overwrite: true }, choice, () => {});
    await step.run({ progress: () => {}, rename: (title) => void done.push(title) });

    expect(done).toEqual([
      "restore --at one --overwrite --only-run abc",
      expect.stringMatching(
        /^Restored the files of the run abc from one: 3 files of 5 bytes written, 2 of them over other content, 1 unch/,
      ),
    ]);
  });
});

describe("A restore", () => {
  test("stops the server, restores, dumps and migrates, and starts the server", async () => {
    await runAll(
      stack(async () => ({ written: 1, unchanged: 0, bytes: 5, seconds: 0.1 })),
      true,
    );

    expect(done).toEqual([
      "note",
      "stop server",
      "run bucket",
      "restore --at one --overwrite",
      "run dump",
      "run migration",
      "run bucket",
      "start server",
      "forget",
    ]);
  });

  test("that fails starts the server again, because the database is as before", async () => {
    const failing = stack(async () => {
      throw new BackupError(BackupStatus.NOT_EMPTY, "the database has rows in runs", "To replace them: --overwrite.");
    });

    await expect(runAll(failing)).rejects.toThrow("the database has rows in runs");
    expect(done).toEqual(["note", "stop server", "run bucket", "restore --at one", "start server", "forget"]);
  });

  test("whose migration fails leaves the server stopped, and its note", async () => {
    const unmigrated = stack(async () => ({ written: 1, unchanged: 0, bytes: 5, seconds: 0.1 }));
    const { docker } = unmigrated.deployment as unknown as { docker: { runAgain(job: string): Promise<unknown> } };
    docker.runAgain = async (job) => ({ exitCode: job === "migration" ? 1 : 0, text: "alembic failed" });

    await expect(runAll(unmigrated)).rejects.toThrow("alembic failed");
    expect(done.filter((line) => /server|note|forget/.test(line))).toEqual(["note", "stop server"]);
  });

  test("waits for another one that holds the lock", async () => {
    jest.useFakeTimers({ advanceTimers: 500 });
    let attempts = 0;
    await runAll(
      stack(async () => {
        attempts += 1;
        if (attempts === 1) throw new BackupError(BackupStatus.LOCKED, "another restore is running", "Wait.");
        return { written: 1, unchanged: 0, bytes: 5, seconds: 0.1 };
      }),
    );
    jest.useRealTimers();

    expect(done.filter((line) => line.startsWith("restore"))).toEqual(["restore --at one", "restore --at one"]);
    expect(done.at(-1)).toBe("forget");
  });
});
