import { HASHES_FOLDER, USERS_FILE } from "../contract/gateway-settings";
import { Token } from "cdktf";
import { Construct } from "constructs";
import { isUserName, isWorkspaceName } from "./names";
import { Role } from "./role";
import type { AuthUser, UserOptions } from "./user";
import { UserPassword } from "./user-password";
import type { SecretValue } from "../secrets/secret";
import type { ServiceFile } from "../network/service-network";
import { ValidationError } from "../values/errors";

/** Users with a password, and the files by which the gateway knows them. */
export interface BasicAuthUsers {
  readonly users: AuthUser[];
  readonly files: ServiceFile[];
}

interface HashedUser {
  readonly name: string;
  readonly role: Role;
  readonly workspace?: string;
  readonly hash: string;
  readonly value?: SecretValue;
}

/** The one admin of a gateway without a list of users. */
export function defaultUser(scope: Construct): BasicAuthUsers {
  const password = UserPassword.ofDefaultAdmin()._bind(scope, "admin", scope, scope);
  return render([{ name: "admin", role: Role.ADMIN, ...password }]);
}

/**
 * The users of a list.
 *
 * @throws ValidationError when a name, role or workspace is invalid, or a name occurs twice.
 */
export function bindUsers(scope: Construct, users: UserOptions[]): BasicAuthUsers {
  validateUsers(users, scope);
  const hashes = new Construct(scope, "users");
  // A scope of its own, so that a user named `ada-hash` does not collide with the hash of `ada`. CDKTF leaves the id
  // `Default` out of addresses.
  const passwords = new Construct(hashes, "Default");
  return render(
    users.map(({ name, role, workspace, password }) => ({
      name,
      role,
      workspace,
      ...(password ?? UserPassword.generated())._bind(passwords, name, hashes, scope),
    })),
  );
}

// One user a line, sorted by name, so that a plan shows who was added and removed.
function render(users: HashedUser[]): BasicAuthUsers {
  const sorted = [...users].sort((a, b) => (a.name < b.name ? -1 : 1));
  const lines = sorted.map(({ name, role, workspace }) => JSON.stringify({ name, role, workspace }));
  return {
    files: [
      { path: USERS_FILE, content: `[\n${lines.join(",\n")}\n]\n`, secret: false },
      ...sorted.map(({ name, hash }) => ({ path: `${HASHES_FOLDER}/${name}`, content: hash, secret: true })),
    ],
    users: users.map(({ name, role, workspace, value }) => ({ name, role, workspace, password: value })),
  };
}

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
    // A name is also a construct id, and constructs looks ids up in a plain object: `constructor` would be found there.
    if (name in {}) {
      throw new ValidationError(
        "UserName",
        `'name' of a user must not be the name of a property that every JavaScript object has, got: '${name}'; choose another one`,
        scope,
      );
    }
    // Names are case-sensitive, but two that differ only in case are easily confused.
    if (seen.has(name.toLowerCase())) {
      throw new ValidationError("UserTwice", `'users' must have each name once, got: '${name}' twice`, scope);
    }
    seen.add(name.toLowerCase());
    if (workspace !== undefined && !isWorkspaceName(workspace)) {
      throw new ValidationError(
        "UserWorkspace",
        `'workspace' of user '${name}' must be 2 to 63 lower-case letters, digits and - inside, and no name that MLflow reserves, got: '${workspace}'`,
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
