import { setTimeout as pause } from "node:timers/promises";
import { CommandError } from "../console/command-error";
import { commandLine } from "../console/command-line";
import { isLocalOnly, isTransient, registryOf } from "./registries";

/** Seconds before each further try. */
export const BACK_OFF = [1, 2, 4];

/** How `ImagePulls` reaches engine and registries. */
export interface PullAccess {
  /** Pulls an image. Returns Docker's error, or undefined. */
  pull(name: string, onLine: (line: string) => void): Promise<string | undefined>;

  /** Whether the registry of an image answers at all. */
  answers(name: string): Promise<boolean>;

  /** Waits for some seconds. */
  readonly wait?: (seconds: number) => Promise<unknown>;
}

/** The downloads of one command, which remember the registries that answer and those that do not. */
export class ImagePulls {
  readonly #answering = new Set<string>();
  readonly #silent = new Set<string>();

  constructor(private readonly access: PullAccess) {}

  /**
   * Pulls an image, several times if the connection breaks.
   *
   * @returns false when its name leads to no registry, or the registry has not answered once in the meantime.
   * @throws CommandError when the registry answers, but the image does not come.
   */
  public async pull(name: string, progress: (line: string) => void): Promise<boolean> {
    const registry = registryOf(name);
    if (isLocalOnly(name) || this.#silent.has(registry)) return false;

    let problem = await this.access.pull(name, progress);
    for (const seconds of BACK_OFF) {
      if (problem === undefined || !isTransient(problem)) break;
      progress(`${lastLine(problem)}: trying again in ${seconds} s`);
      await (this.access.wait ?? inSeconds)(seconds);
      if (await this.isAnswering(name)) problem = await this.access.pull(name, progress);
    }

    if (problem === undefined) this.#answering.add(registry);
    else if (!isTransient(problem)) throw new CommandError(`${name} cannot be pulled: ${problem}`);
    else if (await this.isAnswering(name)) {
      throw new CommandError(
        `${name} cannot be pulled, although ${registry} answers: ${problem}`,
        `Try again. To build images here in its place: ${commandLine("up", "--offline")}`,
      );
    } else this.#silent.add(registry);
    return problem === undefined;
  }

  private async isAnswering(name: string): Promise<boolean> {
    const registry = registryOf(name);
    if (!this.#answering.has(registry) && (await this.access.answers(name))) this.#answering.add(registry);
    return this.#answering.has(registry);
  }
}

function inSeconds(seconds: number): Promise<unknown> {
  return pause(seconds * 1000);
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
