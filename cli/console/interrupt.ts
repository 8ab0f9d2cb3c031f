/** Ctrl-C or a request to stop, for work that has to be brought to a good end first. */
export class Interrupt {
  /** Whether there was one. */
  public happened = false;

  readonly #handle: () => void;

  /** @param first is called for the first one only. */
  constructor(first: () => void) {
    this.#handle = () => {
      if (this.happened) return;
      this.happened = true;
      first();
    };
    process.on("SIGINT", this.#handle);
    process.on("SIGTERM", this.#handle);
  }

  /** From now on the program ends at once again. */
  public stop(): void {
    process.off("SIGINT", this.#handle);
    process.off("SIGTERM", this.#handle);
  }
}
