/** The exit statuses of the command. */
export const ExitCode = {
  /** An error. */
  failure: 1,
  /** Nothing was changed, because data would have been lost or mixed up. */
  dataAtRisk: 2,
  /** Nothing was changed, because the plan is not what would happen now. */
  stalePlan: 3,
  /** Nothing was changed, because a dangerous access would open and nobody has agreed to it. */
  dangerousAccess: 4,
} as const;

/** An error that the user can act on. The command prints its message, without a stack trace. */
export class CommandError extends Error {
  public override readonly name = "CommandError";

  /**
   * @param message what was found.
   * @param remedy what to do about it: sentences or lines of commands.
   * @param exitCode exit status of the command, see `ExitCode`.
   */
  constructor(
    message: string,
    public readonly remedy?: string,
    public readonly exitCode: number = ExitCode.failure,
  ) {
    super(message);
  }
}
