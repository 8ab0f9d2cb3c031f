import { coerce, gte } from "semver";
import { CommandError } from "../console/command-error";
import { parseJson } from "../console/parse-json";

const MIN_VERSION = "1.7.0";

/**
 * Checks the output of `terraform version -json`.
 *
 * @param binary name of the program, for the message.
 * @throws CommandError when it is older than 1.7, which is the first that takes a resource out of the state by `removed`,
 * or when a wrapper prints more than Terraform does.
 */
export function requireVersion(binary: string, output: string): void {
  const answer = parseJson<{ terraform_version?: string }>(output);
  if (!answer) throw wrapped(binary, output);
  const version = coerce(answer.terraform_version);
  if (version && gte(version, MIN_VERSION)) return;
  throw new CommandError(
    `${binary} ${version?.version ?? "of an unknown version"} is too old`,
    `Install Terraform or OpenTofu ${MIN_VERSION} or newer, or name one by TERRAFORM_BINARY_NAME.`,
  );
}

// The wrapper prints commands for GitHub Actions: all of them without GITHUB_OUTPUT, and old releases always.
function wrapped(binary: string, output: string): CommandError {
  if (/^::(debug|set-output|error)\b/m.test(output))
    return new CommandError(
      `${binary} is the wrapper of setup-terraform or setup-opentofu, which copies the whole output, secrets included, into the outputs of the step`,
      "Switch it off in the workflow: 'terraform_wrapper: false' for hashicorp/setup-terraform, 'tofu_wrapper: false' for opentofu/setup-opentofu.",
    );
  return new CommandError(
    `'${binary} version -json' prints other things than JSON: it is no Terraform, or something is put before it`,
    "Name the program itself by TERRAFORM_BINARY_NAME.",
  );
}
