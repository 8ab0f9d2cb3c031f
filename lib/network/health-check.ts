import { Duration } from "../values/duration";
import { ValidationError } from "../values/errors";

/** Timing of a health check. */
export interface HealthCheckOptions {
  /**
   * Time between two checks of a service that is healthy.
   *
   * @default - 10 seconds for the services of this library, 2 seconds for services of yours
   */
  readonly interval?: Duration;

  /**
   * Time between two checks until the first one succeeds, and after one that failed. It works with every engine, because
   * a check waits inside the container. If it is under `interval`, the image needs `/bin/sh`.
   *
   * @default - 2 seconds, or `interval` if that is less
   */
  readonly startInterval?: Duration;

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

const START_INTERVAL = Duration.seconds(2);
// Each check starts a process by the engine, which costs far more processor time than the check.
const INTERVAL = Duration.seconds(10);
// The longest that a request may take: a service that is only slow has answered a check by then.
const RESTART_AFTER = Duration.minutes(5);

/**
 * Runs the check in `$@`, `$3` seconds later if the last one succeeded, and kills what hangs: a service without a
 * successful check for `$1` seconds and `$2` checks. Checks are counted as well, because none takes place while the
 * machine or the container is paused. The check counts before it runs, because Docker kills one that takes too long.
 * SIGKILL ends every process but process 1, which therefore has to be the engine's init: it stops when its child has
 * stopped. `/dev/shm` is empty after each start.
 */
const SCRIPT = [
  "limit=$1 checks=$2 pause=$3 file=/dev/shm/healthy; shift 3",
  "if [ -e $file ]; then read since failed <$file; [ $failed -gt 0 ] || sleep $pause; fi",
  "IFS=. read now _ </proc/uptime",
  "if [ -e $file ]; then read since failed <$file; echo $since $((failed+1)) >$file",
  "[ $limit -eq 0 ] || [ $((now-since)) -lt $limit ] || [ $failed -lt $checks ] || { read init </proc/1/comm",
  "case $init in docker-init|podman-init) kill -9 -1;; esac; }; fi",
  '"$@" || exit 1; echo $now 0 >$file || :',
].join("; ");

/** A command inside the container that tells whether the service answers. */
export class HealthCheck {
  /**
   * Runs a command without a shell.
   *
   * @param command the program and its arguments; exit code 0 means healthy.
   * @throws ValidationError when `interval`, `startInterval`, `timeout` or `restartAfter` is under 1 second,
   *   `startInterval` over `interval`, or `retries` under 1.
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
    const { interval = INTERVAL, restartAfter = RESTART_AFTER } = options;
    return new HealthCheck(command, { ...options, interval, restartAfter });
  }

  /** The program and its arguments. */
  public readonly test: string[];

  /** Time between two checks of a service that is healthy. */
  public readonly interval: Duration;

  /** Time between two checks until the first one succeeds, and after one that failed. */
  public readonly startInterval: Duration;

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
    this.interval = options.interval ?? START_INTERVAL;
    this.startInterval = options.startInterval ?? shorter(START_INTERVAL, this.interval);
    this.timeout = options.timeout ?? Duration.seconds(5);
    this.retries = options.retries ?? 6;
    this.startPeriod = options.startPeriod ?? Duration.minutes(1);
    this.restartAfter = options.restartAfter;
    this.validateAtLeastASecond("interval", this.interval);
    this.validateAtLeastASecond("startInterval", this.startInterval);
    this.validateStartInterval();
    this.validateAtLeastASecond("timeout", this.timeout);
    if (this.restartAfter) this.validateAtLeastASecond("restartAfter", this.restartAfter);
    this.validateRetries();
  }

  /** The longest time from the start to the verdict. */
  public get startTimeout(): Duration {
    const rounds = (this.startInterval.toMilliseconds() + this.timeout.toMilliseconds()) * this.retries;
    return Duration.milliseconds(this.startPeriod.toMilliseconds() + rounds);
  }

  /**
   * What the engine is told: the program that it runs for each check, the time between two, and the longest that one takes.
   *
   * @internal
   */
  public get _engineCheck(): { program: string[]; interval: Duration; timeout: Duration } {
    const pause = Duration.milliseconds(this.interval.toMilliseconds() - this.startInterval.toMilliseconds());
    if (!this.restartAfter && pause.toMilliseconds() === 0) {
      return { program: this.test, interval: this.interval, timeout: this.timeout };
    }
    const numbers = [this.restartAfter?.toSeconds() ?? 0, this.retries, pause.toMilliseconds() / 1000].map(String);
    return {
      program: ["/bin/sh", "-c", SCRIPT, "healthcheck", ...numbers, ...this.test],
      interval: this.startInterval,
      timeout: Duration.milliseconds(this.timeout.toMilliseconds() + pause.toMilliseconds()),
    };
  }

  private validateAtLeastASecond(prop: string, value: Duration): void {
    if (value.toMilliseconds() < 1000) {
      throw new ValidationError("HealthCheckTiming", `'${prop}' must be at least 1 second, got: ${value}`);
    }
  }

  private validateStartInterval(): void {
    if (this.startInterval.toMilliseconds() > this.interval.toMilliseconds()) {
      throw new ValidationError(
        "HealthCheckTiming",
        `'startInterval' must be at most 'interval', ${this.interval}, got: ${this.startInterval}`,
      );
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

function shorter(one: Duration, other: Duration): Duration {
  return one.toMilliseconds() < other.toMilliseconds() ? one : other;
}
