import type { IConstruct } from "constructs";

/**
 * A prop has a value that cannot be deployed.
 *
 * The message names the prop the caller wrote; the construct path is appended,
 * because one app usually holds several stores.
 *
 * Other languages get its message only: they cannot extend `Error`.
 *
 * @jsii ignore
 */
export class ValidationError extends Error {
  /** Name of the class, as traces print it. */
  public override readonly name = "ValidationError";

  /**
   * @param code stable name of the rule, for tests and for searching the docs.
   * @param message what is wrong, what was given, and what is allowed.
   * @param scope the construct that rejected the value, if there is one.
   */
  constructor(
    public readonly code: string,
    message: string,
    scope?: IConstruct,
  ) {
    super(scope ? `${message} [${scope.node.path}]` : message);
  }
}
