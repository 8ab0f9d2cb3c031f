import { Duration } from "../values/duration";
import { ValidationError } from "../values/errors";

/** Timing of a health check. */
export interface HealthCheckOptions {
  /**
   * Time between two checks.
   *
   * @default 2 seconds
   */
  readonly interval?: Duration;

  /**
   * Time after which a check counts as failed.
   *
   * @default 5 seconds
   */
  readonly timeout?: Duration;

  /**
   * Number of failures in a row after which the service is unhealthy.
   *
   * @default 6
   */
  readonly retries?: number;

  /**
   * Time after the start in which failures do not count.
   *
   * @default 1 minute
   */
  readonly startPeriod?: Duration;
}

/** A command inside the container that tells whether the service answers. */
export class HealthCheck {
  /**
   * Runs a command without a shell.
   *
   * @param command the program and its arguments; exit code 0 means healthy.
   * @throws ValidationError when `interval` or `timeout` is under 1 second, or `retries` under 1.
   */
  public static command(command: string[], options: HealthCheckOptions = {}): HealthCheck {
    return new HealthCheck(command, options);
  }

  /** The program and its arguments. */
  public readonly test: string[];

  /** Time between two checks. */
  public readonly interval: Duration;

  /** Time after which a check counts as failed. */
  public readonly timeout: Duration;

  /** Number of failures in a row after which the service is unhealthy. */
  public readonly retries: number;

  /** Time after the start in which failures do not count. */
  public readonly startPeriod: Duration;

  private constructor(command: string[], options: HealthCheckOptions) {
    this.test = [...command];
    this.interval = options.interval ?? Duration.seconds(2);
    this.timeout = options.timeout ?? Duration.seconds(5);
    this.retries = options.retries ?? 6;
    this.startPeriod = options.startPeriod ?? Duration.minutes(1);
    this.validateAtLeastASecond("interval", this.interval);
    this.validateAtLeastASecond("timeout", this.timeout);
    this.validateRetries();
  }

  /** The longest time from the start to the verdict. */
  public get startTimeout(): Duration {
    const rounds = (this.interval.toMilliseconds() + this.timeout.toMilliseconds()) * this.retries;
    return Duration.milliseconds(this.startPeriod.toMilliseconds() + rounds);
  }

  private validateAtLeastASecond(prop: string, value: Duration): void {
    if (value.toMilliseconds() < 1000) {
      throw new ValidationError("HealthCheckTiming", `'${prop}' must be at least 1 second, got: ${value}`);
    }
  }

  private validateRetries(): void {
    if (!Number.isInteger(this.retries) || this.retries < 1) {
      throw new ValidationError(
        "HealthCheckRetries",
        `'retries' must be a whole number of 1 or more, got: ${this.retries}`,
      );
    }
  }
}
