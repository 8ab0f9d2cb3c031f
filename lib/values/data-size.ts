import { ValidationError } from "./errors";

/** An amount of memory or disk space. */
export class DataSize {
  /**
   * A number of mebibytes.
   *
   * @param amount number of mebibytes (1,048,576 bytes), a whole number above 0.
   * @throws ValidationError when it is not.
   */
  public static mebibytes(amount: number): DataSize {
    return new DataSize(amount);
  }

  /**
   * A number of gibibytes.
   *
   * @param amount number of gibibytes (1,073,741,824 bytes), above 0, and a whole number of mebibytes.
   * @throws ValidationError when it is not.
   */
  public static gibibytes(amount: number): DataSize {
    return new DataSize(amount * 1024);
  }

  readonly #mebibytes: number;

  private constructor(mebibytes: number) {
    if (!Number.isInteger(mebibytes) || mebibytes <= 0) {
      throw new ValidationError("DataSize", `a size must be a whole number of mebibytes above 0, got: ${mebibytes}`);
    }
    this.#mebibytes = mebibytes;
  }

  /** The size in mebibytes. */
  public toMebibytes(): number {
    return this.#mebibytes;
  }

  /** As messages show it: `512 MiB`. */
  public toString(): string {
    return `${this.#mebibytes} MiB`;
  }
}
