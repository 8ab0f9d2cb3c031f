import { Token } from "cdktf";
import { Construct } from "constructs";
import { ValidationError } from "../values/errors";
import type { OAuth2Options } from "./oauth2-options";
import { OAuth2Proxy } from "./oauth2-proxy";
import type { PublicUrl } from "../values/public-url";
import { Role } from "./role";
import type { SecretValue } from "../secrets/secret";
import type { IServiceNetwork, ServiceFile } from "../network/service-network";
import { UserPassword } from "./user";
import type { UserOptions } from "./user";
import { isUserName, isWorkspaceName } from "./names";

const USERS_FILE = "/etc/caddy/users.json";
const HASHES = "/run/secrets/users";

/** Options of `AuthMethod.basic()`. */
export interface BasicAuthOptions {
  /**
   * The users, at least one of them with the role `admin`.
   *
   * @default - `admin`, with that role and a generated password
   */
  readonly users?: UserOptions[];
}

/** Where a login is checked. */
export interface AuthContext {
  /** The network of the gateway. */
  readonly network: IServiceNetwork;

  /** The address under which users reach the gateway. */
  readonly url: PublicUrl;
}

/** A user with a password, as the gateway has it. */
export interface AuthUser {
  /** Name to log in with. */
  readonly name: string;

  /** What the user may do. */
  readonly role: Role;

  /**
   * Where the user works while workspaces are on.
   *
   * @default - the workspace named `default`
   */
  readonly workspace?: string;

  /**
   * The password.
   *
   * @default - it is not known
   */
  readonly password?: SecretValue;
}

/** What an authentication method adds to the gateway. */
export interface AuthSettings {
  /** Name of the file in `caddy/auth` that does it. */
  readonly snippet: string;

  /** What the file reads from the environment. */
  readonly environment: { [name: string]: string };

  /** What the file reads besides. */
  readonly files: ServiceFile[];

  /** The users with a password. */
  readonly users: AuthUser[];
}

/**
 * How users log in.
 *
 * A new kind is a static function and a class here, and a file in `caddy/auth`.
 */
export abstract class AuthMethod {
  /** Users with a password, of which the gateway knows only the bcrypt hash. */
  public static basic(options: BasicAuthOptions = {}): AuthMethod {
    return new BasicAuth(options);
  }

  /** Browsers log in at an issuer, machines with its tokens, and users with a password besides. */
  public static oauth2(options: OAuth2Options): AuthMethod {
    return new OAuth2Auth(options);
  }

  /** Called by the gateway, once, when it is defined. */
  public abstract bind(scope: Construct, context: AuthContext): AuthSettings;
}

class BasicAuth extends AuthMethod {
  constructor(private readonly options: BasicAuthOptions) {
    super();
  }

  public bind(scope: Construct): AuthSettings {
    const { users } = this.options;
    if (users === undefined) return { snippet: "basic", environment: {}, ...defaultUser(scope) };

    if (!users.some(({ role }) => role === Role.ADMIN)) {
      throw new ValidationError("NoAdmin", "'users' must hold at least one user with the role admin", scope);
    }
    return { snippet: "basic", environment: {}, ...bindUsers(scope, users) };
  }
}

class OAuth2Auth extends AuthMethod {
  constructor(private readonly options: OAuth2Options) {
    super();
  }

  public bind(scope: Construct, { network, url }: AuthContext): AuthSettings {
    const proxy = new OAuth2Proxy(scope, "oauth2-proxy", { ...this.options, network, url });
    const { write, admin } = this.options.roles ?? {};
    return {
      snippet: "oauth2",
      environment: {
        OAUTH2_PROXY: proxy.address,
        OAUTH2_COOKIE: proxy.cookieName,
        OAUTH2_LOGOUT: `/oauth2/sign_out?rd=${encodeURIComponent(proxy.endSessionUrl ?? "/oauth2/signed_out")}`,
        WRITE_GROUPS: caddyWords(write?.groups),
        WRITE_EMAILS: caddyWords(write?.emails),
        WRITE_MACHINES: caddyWords(write?.machines),
        ADMIN_GROUPS: caddyWords(admin?.groups),
        ADMIN_EMAILS: caddyWords(admin?.emails),
        ADMIN_MACHINES: caddyWords(admin?.machines),
      },
      ...bindUsers(scope, this.options.users ?? []),
    };
  }
}

// its password has an address of its own since the first release, in which it was the only one.
function defaultUser(scope: Construct): Pick<AuthSettings, "files" | "users"> {
  return render([{ name: "admin", role: Role.ADMIN, ...UserPassword.generated().bind(scope, "password") }]);
}

function bindUsers(scope: Construct, users: UserOptions[]): Pick<AuthSettings, "files" | "users"> {
  validateUsers(users, scope);
  const hashes = new Construct(scope, "users");
  // apart, because a user may be called as the hash of another one is: ada-hash. No address shows it, CDKTF skips the id.
  const passwords = new Construct(hashes, "Default");
  return render(
    users.map(({ name, role, workspace, password }) => ({
      name,
      role,
      workspace,
      ...(password ?? UserPassword.generated()).bind(passwords, name, hashes),
    })),
  );
}

// one line a user, in the order of names, so that a plan shows who comes and goes.
function render(users: { name: string; role: Role; workspace?: string; hash: string; value?: SecretValue }[]) {
  const sorted = [...users].sort((a, b) => (a.name < b.name ? -1 : 1));
  const lines = sorted.map(({ name, role, workspace }) => JSON.stringify({ name, role, workspace }));
  return {
    files: [
      { path: USERS_FILE, content: `[\n${lines.join(",\n")}\n]\n`, secret: false },
      ...sorted.map(({ name, hash }) => ({ path: `${HASHES}/${name}`, content: hash, secret: true })),
    ],
    users: users.map(({ name, role, workspace, value }) => ({ name, role, workspace, password: value })),
  };
}

// words of the Caddyfile, each in quotes that take everything but a backtick, which no name has.
function caddyWords(words: string[] = []): string {
  return words.map((word) => `\`${word}\``).join(" ");
}

// on lists in which a user could not be told from another, or could do nothing.
function validateUsers(users: UserOptions[], scope: Construct): void {
  const seen = new Set<string>();
  for (const { name, role, workspace } of users) {
    if (Token.isUnresolved(name) || !isUserName(name)) {
      throw new ValidationError(
        "UserName",
        `'name' of a user must be 1 to 64 letters, digits and .@_+-, got: '${name}'`,
        scope,
      );
    }
    // an id of a construct is looked up where these words are taken.
    if (name in {}) {
      throw new ValidationError(
        "UserName",
        `'name' of a user must not be a word that JavaScript's objects have, got: '${name}'; choose another one`,
        scope,
      );
    }
    // names are compared as they are, but two that differ in case only are a trap for people.
    if (seen.has(name.toLowerCase())) {
      throw new ValidationError("UserTwice", `'users' must have each name once, got: '${name}' twice`, scope);
    }
    seen.add(name.toLowerCase());
    if (workspace !== undefined && !isWorkspaceName(workspace)) {
      throw new ValidationError(
        "UserWorkspace",
        `'workspace' of user '${name}' must be 2 to 63 lower-case letters, digits and - inside, and none of MLflow's own words, got: '${workspace}'`,
        scope,
      );
    }
    if (!Object.values(Role).includes(role)) {
      throw new ValidationError(
        "UserRole",
        `'role' of user '${name}' must be one of ${Object.values(Role).join(", ")}, got: '${role}'`,
        scope,
      );
    }
  }
}
