import { USER_NAME, WORKSPACE_NAME } from "../contract/logins";

/**
 * Whether a text is a valid user name. A user name is also a file name, and has no `:`, which ends it in Basic auth.
 */
export function isUserName(text: string): boolean {
  return USER_NAME.test(text) && text !== "." && text !== "..";
}

/** Whether a text is a valid name of an MLflow workspace. MLflow reserves the names of its own routes. */
export function isWorkspaceName(text: string): boolean {
  return WORKSPACE_NAME.test(text) && !/^(workspaces|api|ajax-api|static-files)$/.test(text);
}

/** Whether a text is a valid name of a Terraform variable. */
export function isVariableName(text: string): boolean {
  return /^[A-Za-z_]\w*$/.test(text);
}
