/**
 * Whether a text is a valid user name. A user name is also a file name, and has no `:`, which ends it in Basic auth.
 */
export function isUserName(text: string): boolean {
  return /^(?!\.{1,2}$)[\w.@+-]{1,64}$/.test(text);
}

/** Whether a text is a valid name of an MLflow workspace. MLflow reserves the names of its own routes. */
export function isWorkspaceName(text: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/.test(text) && !/^(workspaces|api|ajax-api|static-files)$/.test(text);
}

/** Whether a text is a valid name of a Terraform variable. */
export function isVariableName(text: string): boolean {
  return /^[A-Za-z_]\w*$/.test(text);
}
