import type { Role } from "./role";
import type { SecretValue } from "../secrets/secret";
import type { UserPassword } from "./user-password";

/** A user with a password: a person or a service account. */
export interface UserOptions {
  /** Name: 1 to 64 letters, digits, `.`, `_`, `@`, `+` and `-`. */
  readonly name: string;

  /** The permissions of the user. */
  readonly role: Role;

  /**
   * The workspace of the user while `features.workspaces` of the server is on: 2 to 63 lower-case letters, digits and
   * `-`. An admin starts there and may choose another.
   *
   * @default "default"
   */
  readonly workspace?: string;

  /**
   * The password.
   *
   * @default - generated, and kept in the Terraform state
   */
  readonly password?: UserPassword;
}

/** A user with a password, as defined in a stack. */
export interface AuthUser {
  /** Name to log in with. */
  readonly name: string;

  /** The permissions of the user. */
  readonly role: Role;

  /**
   * The workspace of the user while workspaces are on.
   *
   * @default - the workspace named `default`
   */
  readonly workspace?: string;

  /**
   * The password.
   *
   * @default - unknown, because only its hash was given
   */
  readonly password?: SecretValue;
}
