import type { IConstruct } from "constructs";
import type { AuthUser } from "../users/auth-method";
import { ValidationError } from "../values/errors";

/** Fails on workspaces that no user has, and on users with one while they are off. */
export function validateWorkspaces(users: AuthUser[], features: string[], scope: IConstruct): void {
  const placed = users.find(({ workspace }) => workspace !== undefined);
  const on = features.includes("workspaces");
  if (on && !placed) {
    throw new ValidationError(
      "WorkspacesWithoutUsers",
      "'features.workspaces' needs 'users' of whom one at least has a 'workspace': the gateway tells MLflow by the user where a call works",
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
}
