/** Whether a text can be the name of a user: that of a file too, and without what Basic authentication splits at. */
export function isUserName(text: string): boolean {
  return /^(?!\.{1,2}$)[\w.@+-]{1,64}$/.test(text);
}

/** Whether a text can be the name of a workspace of MLflow, which keeps some words for its own addresses. */
export function isWorkspaceName(text: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/.test(text) && !/^(workspaces|api|ajax-api|static-files)$/.test(text);
}

/** Whether a text can be the name of a Terraform variable. */
export function isVariableName(text: string): boolean {
  return /^[A-Za-z_]\w*$/.test(text);
}
