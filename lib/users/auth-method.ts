import type { Construct } from "constructs";
import type { OAuth2Options } from "./oauth2-options";
import { OAuth2Proxy } from "./oauth2-proxy";
import { bindUsers, defaultUser } from "./basic-auth-users";
import { Role } from "./role";
import type { AuthUser, UserOptions } from "./user";
import type { CaddyFragment } from "../caddy/caddy-fragment";
import type { IServiceNetwork } from "../network/service-network";
import { ValidationError } from "../values/errors";
import type { PublicUrl } from "../values/public-url";

/** Options of `AuthMethod.basic()`. */
export interface BasicAuthOptions {
  /**
   * The users, at least one of them with the role `admin`.
   *
   * @default - `admin`, with that role and a generated password
   */
  readonly users?: UserOptions[];
}

/** The gateway that an authentication method is used for. */
export interface AuthContext {
  readonly network: IServiceNetwork;

  /** The address under which users reach the gateway. */
  readonly url: PublicUrl;
}

/** The part of the gateway that checks logins. */
export interface AuthFragment extends CaddyFragment {
  /** Name of the file in `caddy/auth`. */
  readonly kind: "basic" | "oauth2";

  /** The users with a password. */
  readonly users: AuthUser[];
}

/**
 * How users log in.
 *
 * A new kind is a static function here and a file in `caddy/auth`.
 */
export class AuthMethod {
  /** Users with a password, of which the gateway gets only the bcrypt hash. */
  public static basic(options: BasicAuthOptions = {}): AuthMethod {
    return new AuthMethod((scope) => basicAuth(options, scope));
  }

  /** Browsers log in at an issuer, service accounts use its tokens, and some users may have a password. */
  public static oauth2(options: OAuth2Options): AuthMethod {
    return new AuthMethod((scope, context) => oauth2Auth(options, context, scope));
  }

  /**
   * Called by the gateway, once.
   *
   * @internal
   */
  public readonly _bind: (scope: Construct, context: AuthContext) => AuthFragment;

  private constructor(bind: (scope: Construct, context: AuthContext) => AuthFragment) {
    this._bind = bind;
  }
}

function basicAuth({ users }: BasicAuthOptions, scope: Construct): AuthFragment {
  if (users && !users.some(({ role }) => role === Role.ADMIN)) {
    throw new ValidationError("NoAdmin", "'users' must hold at least one user with the role admin", scope);
  }
  return { ...fragment("basic"), ...(users ? bindUsers(scope, users) : defaultUser(scope)) };
}

function oauth2Auth(options: OAuth2Options, { network, url }: AuthContext, scope: Construct): AuthFragment {
  const proxy = new OAuth2Proxy(scope, "oauth2-proxy", { ...options, network, url });
  const { write, admin } = options.roles ?? {};
  const settings = {
    OAUTH2_PROXY: proxy.address,
    OAUTH2_COOKIE: proxy.cookieName,
    OAUTH2_LOGOUT: `/oauth2/sign_out?rd=${encodeURIComponent(proxy.endSessionUrl ?? "/oauth2/signed_out")}`,
    READ_MACHINES: caddyWords(options.allowedServiceAccounts),
    WRITE_GROUPS: caddyWords(write?.groups),
    WRITE_EMAILS: caddyWords(write?.emails),
    WRITE_MACHINES: caddyWords(write?.serviceAccounts),
    ADMIN_GROUPS: caddyWords(admin?.groups),
    ADMIN_EMAILS: caddyWords(admin?.emails),
    ADMIN_MACHINES: caddyWords(admin?.serviceAccounts),
  };
  return { ...fragment("oauth2", settings), ...bindUsers(scope, options.users ?? []) };
}

function fragment<Kind extends AuthFragment["kind"]>(kind: Kind, settings: { [name: string]: string } = {}) {
  return { kind, caddyFiles: [`auth/${kind}.caddy`], environment: { AUTH_METHOD: kind, ...settings } };
}

// Tokens of the Caddyfile. Only a backtick ends such quotes, and no valid name contains one.
function caddyWords(words: string[] = []): string {
  return words.map((word) => `\`${word}\``).join(" ");
}
