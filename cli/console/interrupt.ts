import { constants } from "node:os";

// Ctrl-C, `kill` or a cancelled job, and a terminal or an ssh session that was closed.
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Catches SIGINT, SIGTERM and SIGHUP, for work that must not be cut off. */
export class Interrupt {
  static #catching = 0;

  /** Lets the program end by a signal as it ends by itself, so that it cleans up: unless an `Interrupt` catches it. */
  public static endOnSignals(): void {
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        if (Interrupt.#catching === 0) process.exit(128 + constants.signals[signal]);
      });
    }
    // A closed terminal, or a pipe that nobody reads, must not end the program before Terraform has ended.
    for (const output of [process.stdout, process.stderr]) output.on("error", () => {});
  }

  /** Whether a signal has arrived. */
  public happened = false;

  readonly #handle: (signal: NodeJS.Signals) => void;

  /** @param first is called for the first signal only, with the exit status of a program that the signal ends. */
  constructor(first: (exitStatus: number) => void) {
    this.#handle = (signal) => {
      if (this.happened) return;
      this.happened = true;
      first(128 + constants.signals[signal]);
    };
    for (const signal of SIGNALS) process.on(signal, this.#handle);
    Interrupt.#catching += 1;
  }

  /** Stops catching signals: the next one ends the program. */
  public stop(): void {
    for (const signal of SIGNALS) process.off(signal, this.#handle);
    Interrupt.#catching -= 1;
  }
}
