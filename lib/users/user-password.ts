import { MAX_BCRYPT_COST, MIN_BCRYPT_COST } from "../contract/logins";
import type { Construct } from "constructs";
import { requireGoodPassword } from "../secrets/login-password";
import { Secret } from "../secrets/secret";
import type { SecretValue } from "../secrets/secret";

// A hash has its cost in two digits.
const COSTS = Array.from({ length: MAX_BCRYPT_COST - MIN_BCRYPT_COST + 1 }, (_, index) =>
  String(MIN_BCRYPT_COST + index).padStart(2, "0"),
);

/** A password that was bound to a construct. */
export interface BoundPassword {
  /** Its bcrypt hash, a reference. */
  readonly hash: string;

  /** The password itself, unless only its hash was given. */
  readonly value?: SecretValue;
}

/** The source of a user's password. The gateway gets only its bcrypt hash. */
export class UserPassword {
  /**
   * A password that Terraform generates once.
   *
   * @param generation another number generates another password.
   */
  public static generated(generation?: number): UserPassword {
    return UserPassword.of(Secret.generated({ generation }));
  }

  /** A password of at least 12 characters and at most 72 bytes. */
  public static of(password: Secret): UserPassword {
    return new UserPassword((scope, id, hashes) => bindPassword(password, scope, id, hashes));
  }

  /** The bcrypt hash of a password, as `htpasswd -B` and `caddy hash-password` print it. */
  public static bcryptHash(hash: Secret): UserPassword {
    return new UserPassword((scope, id) => bindHash(hash, scope, id));
  }

  /**
   * Called by the authentication method, once. A hash that Terraform computes becomes a resource in `hashes`.
   *
   * @internal
   */
  public readonly _bind: (scope: Construct, id: string, hashes: Construct) => BoundPassword;

  private constructor(bind: (scope: Construct, id: string, hashes: Construct) => BoundPassword) {
    this._bind = bind;
  }
}

function bindPassword(password: Secret, scope: Construct, id: string, hashes: Construct): BoundPassword {
  const value = password.bind(scope, id);
  requireGoodPassword(value);
  return { hash: value.bcryptHash(hashes, `${id}-hash`), value };
}

function bindHash(secret: Secret, scope: Construct, id: string): BoundPassword {
  const hash = secret.bind(scope, id);
  hash.require(
    `can(regex("^[$]2[aby][$](${COSTS.join("|")})[$][./A-Za-z0-9]{53}$", VALUE))`,
    `The hash must be one of bcrypt with a cost of ${MIN_BCRYPT_COST} to ${MAX_BCRYPT_COST}, such as htpasswd -B prints.`,
  );
  return { hash: hash.unsafeUnwrap() };
}
