import { MAX_BCRYPT_COST, MIN_BCRYPT_COST } from "../contract/logins";
import type { Construct } from "constructs";
import { requireGoodPassword } from "../secrets/password-rules";
import { Secret } from "../secrets/secret";
import type { SecretValue } from "../secrets/secret";
import { ValidationError } from "../values/errors";

// A hash has its cost in two digits.
const COSTS = Array.from({ length: MAX_BCRYPT_COST - MIN_BCRYPT_COST + 1 }, (_, index) =>
  String(MIN_BCRYPT_COST + index).padStart(2, "0"),
);

type Bind = (scope: Construct, id: string, hashes: Construct, gateway: Construct) => BoundPassword;

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

  /**
   * The generated password of the `admin` that a stack without a list of users has. The first list keeps it by this; one
   * user of a stack may have it.
   */
  public static ofDefaultAdmin(): UserPassword {
    return new UserPassword((_scope, _id, hashes, gateway) => bindDefaultAdmin(gateway, hashes));
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
  public readonly _bind: Bind;

  private constructor(bind: Bind) {
    this._bind = bind;
  }
}

// The first release had this user only. The address of its password has been `password` since then.
const DEFAULT_ADMIN = "password";

function bindDefaultAdmin(gateway: Construct, hashes: Construct): BoundPassword {
  if (gateway.node.tryFindChild(DEFAULT_ADMIN)) {
    throw new ValidationError(
      "DefaultAdminTwice",
      "only one user may have the password of the default admin, 'generation' 0 in a users file",
      gateway,
    );
  }
  return bindPassword(Secret.generated(), gateway, DEFAULT_ADMIN, hashes);
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
