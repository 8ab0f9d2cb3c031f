import { coerce, gte } from "semver";
import { CommandError } from "../console/command-error";

const MIN_VERSION = "1.7.0";

/**
 * Checks the output of `terraform version -json`.
 *
 * @param binary name of the program, for the message.
 * @throws CommandError when it is older than 1.7, which is the first that takes a resource out of the state by `removed`.
 */
export function requireVersion(binary: string, output: string): void {
  const version = coerce((JSON.parse(output) as { terraform_version?: string }).terraform_version);
  if (version && gte(version, MIN_VERSION)) return;
  throw new CommandError(
    `${binary} ${version?.version ?? "of an unknown version"} is too old`,
    `Install Terraform or OpenTofu ${MIN_VERSION} or newer, or name one by TERRAFORM_BINARY_NAME.`,
  );
}
