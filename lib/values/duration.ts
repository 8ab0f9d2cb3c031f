import { ValidationError } from "./errors";

/** A length of time. */
export class Duration {
  /**
   * A number of milliseconds.
   *
   * @param amount number of milliseconds, a whole number of 0 or more.
   * @throws ValidationError when it is not.
   */
  public static milliseconds(amount: number): Duration {
    return new Duration(amount);
  }

  /**
   * A number of seconds.
   *
   * @param amount number of seconds, 0 or more, and a whole number of milliseconds.
   * @throws ValidationError when it is not.
   */
  public static seconds(amount: number): Duration {
    return new Duration(amount * 1000);
  }

  /**
   * A number of minutes.
   *
   * @param amount number of minutes, 0 or more, and a whole number of milliseconds.
   * @throws ValidationError when it is not.
   */
  public static minutes(amount: number): Duration {
    return new Duration(amount * 60_000);
  }

  /**
   * A number of hours.
   *
   * @param amount number of hours, 0 or more, and a whole number of milliseconds.
   * @throws ValidationError when it is not.
   */
  public static hours(amount: number): Duration {
    return new Duration(amount * 3_600_000);
  }

  /**
   * A number of days of 24 hours.
   *
   * @param amount number of days, 0 or more, and a whole number of milliseconds.
   * @throws ValidationError when it is not.
   */
  public static days(amount: number): Duration {
    return Duration.hours(amount * 24);
  }

  readonly #milliseconds: number;

  private constructor(milliseconds: number) {
    if (!Number.isInteger(milliseconds) || milliseconds < 0) {
      throw new ValidationError(
        "Duration",
        `a duration must be a whole number of milliseconds of 0 or more, got: ${milliseconds}`,
      );
    }
    this.#milliseconds = milliseconds;
  }

  /** The length in milliseconds. */
  public toMilliseconds(): number {
    return this.#milliseconds;
  }

  /** The length in whole seconds, rounded up. */
  public toSeconds(): number {
    return Math.ceil(this.#milliseconds / 1000);
  }

  /**
   * As Go prints it: `1m30s`, `500ms`, `0s`.
   *
   * Docker hands durations back in this form; any other spelling shows up as a change in every plan.
   */
  public toGoString(): string {
    const ms = this.#milliseconds;
    if (ms === 0) return "0s";
    if (ms < 1000) return `${ms}ms`;

    const hours = Math.floor(ms / 3_600_000);
    const minutes = Math.floor((ms % 3_600_000) / 60_000);
    const seconds = `${(ms % 60_000) / 1000}s`;
    if (hours > 0) return `${hours}h${minutes}m${seconds}`;
    return minutes > 0 ? `${minutes}m${seconds}` : seconds;
  }

  /** As messages show it, in Go's form. */
  public toString(): string {
    return this.toGoString();
  }
}
