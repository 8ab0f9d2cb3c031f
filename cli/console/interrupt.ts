/** Catches SIGINT and SIGTERM, for work that must not be cut off. */
export class Interrupt {
  /** Whether a signal has arrived. */
  public happened = false;

  readonly #handle: () => void;

  /** @param first is called for the first signal only. */
  constructor(first: () => void) {
    this.#handle = () => {
      if (this.happened) return;
      this.happened = true;
      first();
    };
    process.on("SIGINT", this.#handle);
    process.on("SIGTERM", this.#handle);
  }

  /** Stops catching signals: the next one ends the program. */
  public stop(): void {
    process.off("SIGINT", this.#handle);
    process.off("SIGTERM", this.#handle);
  }
}
