import type { Construct } from "constructs";
import { requireGoodPassword } from "../secrets/login-password";
import type { Role } from "./role";
import { Secret } from "../secrets/secret";
import type { SecretValue } from "../secrets/secret";

/** A user with a password: a person, or a machine account. */
export interface UserOptions {
  /** Name: 1 to 64 letters, digits, `.`, `_`, `@`, `+` and `-`. */
  readonly name: string;

  /** What the user may do. */
  readonly role: Role;

  /**
   * Where the user works while `features.workspaces` of the server is on: 2 to 63 lower-case letters, digits and `-`. An
   * admin starts there and may choose another.
   *
   * @default "default"
   */
  readonly workspace?: string;

  /**
   * How the password is made.
   *
   * @default - generated, and kept in the Terraform state
   */
  readonly password?: UserPassword;
}

/** A password that has a place in a stack. */
export interface BoundPassword {
  /** Its bcrypt hash, a reference. */
  readonly hash: string;

  /**
   * The password itself.
   *
   * @default - it is not known
   */
  readonly value?: SecretValue;
}

/** Where the password of a user comes from. The gateway knows its bcrypt hash only. */
export abstract class UserPassword {
  /**
   * A password that Terraform generates once.
   *
   * @param generation another number makes another password.
   */
  public static generated(generation?: number): UserPassword {
    return new PlainPassword(Secret.generated({ generation }));
  }

  /** A password of 12 characters or more and 72 bytes or less. */
  public static of(password: Secret): UserPassword {
    return new PlainPassword(password);
  }

  /** A password of which only the bcrypt hash is known, as `htpasswd -B` and `caddy hash-password` print it. */
  public static bcryptHash(hash: Secret): UserPassword {
    return new HashedPassword(hash);
  }

  /**
   * Called by the authentication method, once.
   *
   * @param hashes where a hash is made, if not in `scope`.
   */
  public abstract bind(scope: Construct, id: string, hashes?: Construct): BoundPassword;
}

class PlainPassword extends UserPassword {
  constructor(private readonly secret: Secret) {
    super();
  }

  public bind(scope: Construct, id: string, hashes: Construct = scope): BoundPassword {
    const value = this.secret.bind(scope, id);
    requireGoodPassword(value);
    return { hash: value.bcryptHash(hashes, `${id}-hash`), value };
  }
}

class HashedPassword extends UserPassword {
  constructor(private readonly secret: Secret) {
    super();
  }

  public bind(scope: Construct, id: string): BoundPassword {
    const hash = this.secret.bind(scope, id);
    hash.require(
      'can(regex("^[$]2[aby][$](0[4-9]|1[0-4])[$][./A-Za-z0-9]{53}$", VALUE))',
      "The hash must be one of bcrypt with a cost of 4 to 14, such as htpasswd -B prints.",
    );
    return { hash: hash.unsafeUnwrap() };
  }
}
