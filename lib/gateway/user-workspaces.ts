import type { IConstruct } from "constructs";
import type { AuthUser } from "../users/user";
import { ValidationError } from "../values/errors";

/**
 * The workspaces of a gateway's users, each once.
 *
 * @throws ValidationError when workspaces are on and no user has one, or a user has one while they are off.
 */
export function userWorkspaces(users: AuthUser[], features: string[], scope: IConstruct): string[] {
  const placed = users.find(({ workspace }) => workspace !== undefined);
  const on = features.includes("workspaces");
  if (on && !placed) {
    throw new ValidationError(
      "WorkspacesWithoutUsers",
      "'features.workspaces' needs at least one of the 'users' with a 'workspace', because the gateway chooses the workspace of a request by its user",
      scope,
    );
  }
  if (!on && placed) {
    throw new ValidationError(
      "UserWorkspace",
      `user '${placed.name}' must have no 'workspace' while 'features.workspaces' of the server is off, got: '${placed.workspace}'`,
      scope,
    );
  }
  return [...new Set(users.flatMap(({ workspace }) => workspace ?? []))];
}
