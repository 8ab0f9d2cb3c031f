import { ADVISORY_LOCK } from "../../lib/contract/backup";
import { GC_PARTS } from "../../lib/contract/garbage";
import type { Collected } from "../../lib/contract/garbage";
import { packageText } from "../../lib/values/package-folder";
import { CommandError } from "../console/command-error";
import type { Docker } from "../docker/docker";
import { runPythonIn } from "../docker/python-in-container";
import type { Garbage } from "./garbage";

/** The program that finds and deletes garbage, as it runs in the server's container. */
export function collectorProgram(): string {
  return GC_PARTS.map((part) => packageText("mlflow", "gc", `${part}.py`)).join("\n");
}

/** Finds and deletes garbage, in the container of an MLflow server, which has the keys of both stores. */
export class Collector {
  readonly #program = collectorProgram();

  constructor(
    private readonly docker: Docker,
    private readonly server: string,
  ) {}

  /**
   * Lists what was deleted for longer than a time, and changes nothing.
   *
   * @param olderThan in milliseconds.
   * @param willDelete whether another holder of the lock is an error.
   * @throws CommandError when the stores are not the stack's, do not answer, or are in use by another job.
   */
  public async list(olderThan: number, willDelete: boolean, progress: (line: string) => void): Promise<Garbage> {
    return (await this.run({ step: "list", olderThan, check: willDelete }, progress)) as Garbage;
  }

  /**
   * Deletes what was listed. It stops at the end of the running step when this process ends.
   *
   * @throws CommandError like `list()`.
   */
  public async delete(garbage: Garbage, progress: (line: string) => void): Promise<Collected> {
    const { cutoff, runs, models, experiments, traces, ownerless } = garbage;
    const ids = (things: readonly { readonly id: string }[]) => things.map(({ id }) => id);
    const listed = {
      runs: ids(runs),
      models: ids(models),
      experiments: ids(experiments),
      traces,
      ownerless: ownerless.map(({ prefix }) => prefix),
    };
    return (await this.run({ step: "delete", cutoff }, progress, `${JSON.stringify(listed)}\n`)) as Collected;
  }

  private async run(settings: object, progress: (line: string) => void, data?: string): Promise<unknown> {
    async function* input(): AsyncGenerator<Buffer> {
      yield Buffer.from(data ?? "");
    }
    let result: unknown;
    let refused: unknown;
    const error = await runPythonIn(
      this.docker,
      this.server,
      this.#program,
      { ...settings, lock: Number(ADVISORY_LOCK) },
      input(),
      (line) => {
        if ("result" in line) result = line.result;
        if ("refused" in line) refused = line.refused;
        if (typeof line.progress === "string") progress(line.progress);
      },
      data !== undefined,
    );
    if (typeof refused === "string") throw new CommandError(refused);
    if (result === undefined) {
      throw new CommandError(
        `the server's container ended the garbage collection: ${error}`,
        "Run it again: it goes on.",
      );
    }
    return result;
  }
}
