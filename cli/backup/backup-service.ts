import { BACKUP_FOLDER, BACKUP_PROGRAM, BackupStatus } from "../../lib/contract/backup";
import type { BackupFailure } from "../../lib/contract/backup";
import { CommandError, ExitCode } from "../console/command-error";
import { commandLine } from "../console/command-line";
import { parseJson } from "../console/parse-json";
import type { Deployment } from "../deployment/deployment";
import { conditionOf } from "../deployment/health";
import type { ContainerDetails } from "../docker/inspected";
import type { Docker } from "../docker/docker";

// The engine's own statuses for a program that could not be started or was killed.
const NOT_STARTED = [126, 127];
const KILLED = 137;

/** A remedy besides that of the program, if the command knows more. */
const REMEDIES: { readonly [status in BackupStatus]?: () => string } = {
  [BackupStatus.PASSPHRASE]: () => `Set it as BACKUP_PASSPHRASE, then: ${commandLine("up")}`,
  [BackupStatus.OTHER_STACK]: () =>
    `To restore one of them: ${commandLine("restore", "--from-stack", "ID")}. To make backups, name another target.`,
  [BackupStatus.TARGET]: () => `After another target or other keys: ${commandLine("up")}`,
};

/** A target for people: the program knows one on the engine's host by its path in the container alone. */
export function targetText(target: string, place: BackupPlace | undefined): string {
  return place ? `the ${place.isVolume ? "volume" : "folder"} ${place.name}` : target;
}

/** The backup program has ended with another status than 0. */
export class BackupError extends CommandError {
  constructor(
    public readonly status: number,
    message: string,
    remedy: string,
  ) {
    super(message, remedy, status === BackupStatus.NOT_EMPTY ? ExitCode.dataAtRisk : ExitCode.failure);
  }
}

/** Where a target lies on the engine's host. */
export interface BackupPlace {
  /** Name of the volume, or path of the folder. */
  readonly name: string;
  readonly isVolume: boolean;
}

/** The service of a stack that makes its backups. */
export class BackupService {
  /**
   * Finds it.
   *
   * @throws CommandError when the stack has none, or it does not run.
   */
  public static async of({ docker, synthesized, name }: Deployment): Promise<BackupService> {
    await docker.info();
    const [container] = synthesized.backups;
    if (container === undefined) {
      throw new CommandError(
        `stack '${name}' makes no backups`,
        `Say where they go, by BACKUP_TARGET or 'backup' of MlflowStack, then: ${commandLine("up")}`,
      );
    }
    const [found] = await docker.containers([container]);
    if (!found) throw new CommandError(`'${container}' does not exist`, `Begin with: ${commandLine("up")}`);
    if (found.State.Status !== "running") {
      throw new CommandError(
        `'${container}', which makes the backups, is ${conditionOf(found)}`,
        `To see what it says: docker logs ${container}. To start it: ${commandLine("up")}`,
      );
    }
    return new BackupService(docker, container, placeOf(found));
  }

  constructor(
    private readonly docker: Docker,
    /** Name of its container. */
    public readonly container: string,
    /** Where its target lies on the engine's host, if it is there. */
    public readonly place?: BackupPlace,
  ) {}

  /**
   * Asks the program in the service for something. Ctrl-C interrupts it.
   *
   * @param words the verb and its options.
   * @param progress gets what the program says while it works.
   * @returns the program's report. If that tells of damage, the status is `BackupStatus.DAMAGED`.
   * @throws BackupError when the program gives no report.
   */
  public async ask<T>(words: string[], progress: (line: string) => void = () => {}): Promise<Report<T>> {
    let last = "";
    const { exitCode, text } = await this.docker.execLong(
      this.container,
      [BACKUP_PROGRAM, ...words, "--json"],
      (line) => {
        last = line;
        progress(line);
      },
    );
    const report = parseJson<T & Partial<BackupFailure>>(text);
    if (report && !report.error && (exitCode === BackupStatus.OK || exitCode === BackupStatus.DAMAGED)) {
      return { report, isDamaged: exitCode === BackupStatus.DAMAGED };
    }
    throw report?.error ? failed(exitCode, report.error) : broken(exitCode, last, this.container);
  }

  /** Runs a shell line in the service, where `words` are `$0`, `$1` and so on. Returns what it printed, if it succeeded. */
  public async shell(line: string, words: string[]): Promise<string | undefined> {
    const { exitCode, text } = await this.docker.execOutput(this.container, ["sh", "-c", line, ...words]);
    return exitCode === 0 ? text : undefined;
  }
}

/** What the program has reported. */
export interface Report<T> {
  readonly report: T;

  /** Whether a file of a backup is missing or has other content. */
  readonly isDamaged: boolean;
}

function placeOf({ Mounts }: ContainerDetails): BackupPlace | undefined {
  const mount = Mounts.find(({ Destination }) => Destination === BACKUP_FOLDER);
  return mount && { name: mount.Name ?? mount.Source, isVolume: mount.Type === "volume" };
}

function failed(status = BackupStatus.FAILED, { message, remedy }: BackupFailure["error"]): BackupError {
  const more = REMEDIES[status as BackupStatus]?.();
  return new BackupError(status, message, [remedy, more].filter((line) => line !== undefined).join("\n"));
}

function broken(status: number | undefined, last: string, container: string): BackupError {
  const wasKilled = status === KILLED || status === undefined;
  const wasStarted = status === undefined || !NOT_STARTED.includes(status);
  const what = wasKilled ? "was killed" : wasStarted ? `ended with status ${status}` : "could not be started";
  return new BackupError(
    status ?? BackupStatus.FAILED,
    `${BACKUP_PROGRAM} in '${container}' ${what}${last === "" ? "" : `: ${last}`}`,
    wasStarted
      ? `Try again. To see what the service says: docker logs ${container}`
      : `To repair it: ${commandLine("up")}`,
  );
}
