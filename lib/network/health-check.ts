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

  /**
   * Time without a successful check after which the health check kills all processes of the service, so that the engine
   * restarts it. Only a service that has been healthy since its start is killed, so that it may start slowly. The image
   * needs `/bin/sh`.
   *
   * @default - 5 minutes for the services of this library, never for services of yours
   */
  readonly restartAfter?: Duration;
}

// The longest that a request may take: a service that is only slow has answered a check by then.
const RESTART_AFTER = Duration.minutes(5);

/**
 * Runs the check in `$@`, and kills what hangs: a service without a successful check for `$1` seconds and `$2` checks.
 * Checks are counted as well, because none takes place while the machine or the container is paused. The check counts
 * before it runs, because Docker kills one that takes too long. SIGKILL ends every process but process 1, which
 * therefore has to be the engine's init: it stops when its child has stopped. `/dev/shm` is empty after each start.
 */
const RESTART_SCRIPT = [
  "limit=$1 checks=$2 file=/dev/shm/healthy; shift 2; IFS=. read now _ </proc/uptime",
  "if [ -e $file ]; then read since failed <$file; echo $since $((failed+1)) >$file",
  "[ $((now-since)) -lt $limit ] || [ $failed -lt $checks ] || { read init </proc/1/comm",
  "case $init in docker-init|podman-init) kill -9 -1;; esac; }; fi",
  '"$@" || exit 1; echo $now 0 >$file || :',
].join("; ");

/** A command inside the container that tells whether the service answers. */
export class HealthCheck {
  /**
   * Runs a command without a shell.
   *
   * @param command the program and its arguments; exit code 0 means healthy.
   * @throws ValidationError when `interval`, `timeout` or `restartAfter` is under 1 second, or `retries` under 1.
   */
  public static command(command: string[], options: HealthCheckOptions = {}): HealthCheck {
    return new HealthCheck(command, options);
  }

  /**
   * The same for services of this library, which restart when they hang.
   *
   * @internal
   */
  public static _restarting(command: string[], options: HealthCheckOptions = {}): HealthCheck {
    return new HealthCheck(command, { ...options, restartAfter: options.restartAfter ?? RESTART_AFTER });
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

  /** Time without a successful check after which the service is restarted, if it is. */
  public readonly restartAfter?: Duration;

  private constructor(command: string[], options: HealthCheckOptions) {
    this.test = [...command];
    this.interval = options.interval ?? Duration.seconds(2);
    this.timeout = options.timeout ?? Duration.seconds(5);
    this.retries = options.retries ?? 6;
    this.startPeriod = options.startPeriod ?? Duration.minutes(1);
    this.restartAfter = options.restartAfter;
    this.validateAtLeastASecond("interval", this.interval);
    this.validateAtLeastASecond("timeout", this.timeout);
    if (this.restartAfter) this.validateAtLeastASecond("restartAfter", this.restartAfter);
    this.validateRetries();
  }

  /** The longest time from the start to the verdict. */
  public get startTimeout(): Duration {
    const rounds = (this.interval.toMilliseconds() + this.timeout.toMilliseconds()) * this.retries;
    return Duration.milliseconds(this.startPeriod.toMilliseconds() + rounds);
  }

  /**
   * The program that the engine runs for each check, with its arguments.
   *
   * @internal
   */
  public get _program(): string[] {
    if (!this.restartAfter) return this.test;
    const limits = [this.restartAfter.toSeconds(), this.retries].map(String);
    return ["/bin/sh", "-c", RESTART_SCRIPT, "healthcheck", ...limits, ...this.test];
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
