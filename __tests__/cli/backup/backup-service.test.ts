import { BackupService } from "../../../cli/backup/backup-service";
import type { Docker } from "../../../cli/docker/docker";
import type { Deployment } from "../../../cli/deployment/deployment";
import { BackupStatus } from "../../../lib/contract/backup";

let service: BackupService;
let words: string[];

/** A container in which the program says these lines, reports this, and ends with this status. */
function engine(status: number, report: unknown, said: string[] = []): void {
  const docker = {
    execLong: async (container: string, command: string[], onLine: (line: string) => void) => {
      words = [container, ...command];
      for (const line of said) onLine(line);
      return { exitCode: status, text: typeof report === "string" ? report : JSON.stringify(report) };
    },
  };
  service = new BackupService(docker as unknown as Docker, "mlflow-backup");
}

const NAS = { Type: "bind", Source: "/mnt/nas", Destination: "/backup" };

describe("The backup service", () => {
  test("runs the program in its container, and gives its report", async () => {
    engine(0, { backups: 2 }, ["backup 1 of 2", "backup 2 of 2"]);
    const progress: string[] = [];

    const asked = await service.ask(["check", "--stack", "old"], (line) => progress.push(line));

    expect(asked).toEqual({ report: { backups: 2 }, isDamaged: false });
    expect(progress).toEqual(["backup 1 of 2", "backup 2 of 2"]);
    expect(words).toEqual(["mlflow-backup", "mlflow-backup", "check", "--stack", "old", "--json"]);
  });

  test("gives a report of damage", async () => {
    engine(16, { damaged: [{ path: "1/a" }] });

    expect(await service.ask(["check"])).toEqual({ report: { damaged: [{ path: "1/a" }] }, isDamaged: true });
  });

  const statuses = Object.values(BackupStatus).filter(
    (status) => typeof status === "number" && status !== 0,
  ) as number[];
  test.each(statuses)("tells what happened and the remedy for status %p", async (status) => {
    engine(status, { status, error: { name: "X", message: "it happened", remedy: "do this" } });

    await expect(service.ask(["run"])).rejects.toMatchObject({
      message: "it happened",
      remedy: expect.stringMatching(/^do this(\n|$)/),
      status,
      exitCode: status === 14 ? 2 : 1,
    });
  });

  test("names the settings that help", async () => {
    engine(11, { error: { message: "the target was written with another passphrase", remedy: "Give it." } });
    await expect(service.ask(["run"])).rejects.toMatchObject({ remedy: expect.stringContaining("BACKUP_PASSPHRASE") });

    engine(12, { error: { message: "the target is of other stacks: old", remedy: "Restore." } });
    await expect(service.ask(["list"])).rejects.toMatchObject({ remedy: expect.stringContaining("--from-stack") });
  });

  test.each([
    [137, "", /^mlflow-backup in 'mlflow-backup' was killed: 3 of 9 files$/, /docker logs mlflow-backup/],
    [2, "no JSON", /^mlflow-backup in 'mlflow-backup' ended with status 2: 3 of 9 files$/, /docker logs mlflow-backup/],
    [127, "", /could not be started: 3 of 9 files$/, /up$/],
  ])("tells of a program that ends with %p and no report", async (status, report, message, remedy) => {
    engine(status, report, ["3 of 9 files"]);

    await expect(service.ask(["run"])).rejects.toMatchObject({
      message: expect.stringMatching(message),
      remedy: expect.stringMatching(remedy),
    });
  });

  const stack = (status: string | undefined, backups: string[]) =>
    ({
      name: "mlflow",
      synthesized: { backups },
      docker: {
        info: async () => ({}),
        containers: async () =>
          status === undefined ? [] : [{ Name: "mlflow-backup", State: { Status: status }, Mounts: [NAS] }],
      },
    }) as unknown as Deployment;

  test("is found by its role, and its absence has a remedy", async () => {
    const found = await BackupService.of(stack("running", ["mlflow-backup"]));
    expect([found.container, found.place]).toEqual(["mlflow-backup", { name: "/mnt/nas", isVolume: false }]);
    await expect(BackupService.of(stack(undefined, []))).rejects.toMatchObject({
      message: "stack 'mlflow' makes no backups",
      remedy: expect.stringContaining("BACKUP_TARGET"),
    });
    await expect(BackupService.of(stack(undefined, ["mlflow-backup"]))).rejects.toMatchObject({
      message: "'mlflow-backup' does not exist",
    });
    await expect(BackupService.of(stack("exited", ["mlflow-backup"]))).rejects.toMatchObject({
      message: "'mlflow-backup', which makes the backups, is exited",
    });
  });
});
