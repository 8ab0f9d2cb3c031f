import { Token } from "cdktf";
import type { Construct } from "constructs";
import { ValidationError } from "./errors";
import { requireGoodPassword } from "./login-password";
import { Secret } from "./secret";
import type { SecretValue } from "./secret";
import type { ServiceFile } from "./service-network";

const HASH_FILE = "/run/secrets/auth-hash";

/** Who may pass, and how they say who they are. */
export interface BasicAuthOptions {
  /**
   * Name of the user: letters, digits, `.`, `_`, `@`, `+` and `-`.
   *
   * @default "admin"
   */
  readonly username?: string;

  /**
   * Password of the user, 12 characters or more and 72 bytes or less.
   *
   * @default - a generated password, kept in the Terraform state
   */
  readonly password?: Secret;
}

/** What an authentication method adds to the gateway. */
export interface AuthSettings {
  /** Name of the file in `caddy/auth` that does it. */
  readonly snippet: string;

  /** What the file reads from the environment. */
  readonly environment: { [name: string]: string };

  /** What the file reads besides. */
  readonly files: ServiceFile[];

  /** Name of a user who may pass. */
  readonly username: string;

  /** Password of that user. */
  readonly password: SecretValue;
}

/**
 * How users log in.
 *
 * A new kind is a static function and a class here, and a file in `caddy/auth`.
 */
export abstract class AuthMethod {
  /** One user with a password, of which the gateway knows only the bcrypt hash. */
  public static basic(options: BasicAuthOptions = {}): AuthMethod {
    return new BasicAuth(options);
  }

  /** Called by the gateway, once, when it is defined. */
  public abstract bind(scope: Construct): AuthSettings;
}

class BasicAuth extends AuthMethod {
  constructor(private readonly options: BasicAuthOptions) {
    super();
  }

  public bind(scope: Construct): AuthSettings {
    const username = this.options.username ?? "admin";
    this.validateUsername(username, scope);

    const password = (this.options.password ?? Secret.generated()).bind(scope, "password");
    requireGoodPassword(password);

    return {
      snippet: "basic",
      environment: { AUTH_USERNAME: username },
      files: [{ path: HASH_FILE, content: password.bcryptHash(scope, "password-hash"), secret: true }],
      username,
      password,
    };
  }

  private validateUsername(username: string, scope: Construct): void {
    if (Token.isUnresolved(username) || !/^[\w.@+-]{1,64}$/.test(username)) {
      throw new ValidationError(
        "AuthUsername",
        `'username' must be 1 to 64 letters, digits and .@_+-, got: '${username}'`,
        scope,
      );
    }
  }
}
