/**
 * The commands for GitHub Actions, and the command line, that the wrapper of setup-terraform prints: the commands all of
 * them without GITHUB_OUTPUT, and old releases always.
 */
export const SETUP_WRAPPER = /^(::(debug|set-output|error)\b|\[command\])/m;

export const WRAPPER_REMEDY =
  "Switch it off in the workflow: 'terraform_wrapper: false' for hashicorp/setup-terraform, 'tofu_wrapper: false' for opentofu/setup-opentofu.";
