/** What the exit status of the command says. */
export const ExitCode = {
  /** Something did not work. */
  failure: 1,
  /** Nothing was changed, because data would have been lost or mixed up. */
  dataAtRisk: 2,
  /** Nothing was changed, because the plan is not what would happen now. */
  stalePlan: 3,
} as const;

/** A failure that a person can do something about. It is printed as its message, without a stack. */
export class CommandError extends Error {
  public override readonly name = "CommandError";

  /**
   * @param message what is wrong.
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
