import { coerce, gte } from "semver";
import { CommandError } from "../console/command-error";
import { parseJson } from "../console/parse-json";
import { SETUP_WRAPPER, WRAPPER_REMEDY } from "./json/setup-wrapper";

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

function wrapped(binary: string, output: string): CommandError {
  if (SETUP_WRAPPER.test(output))
    return new CommandError(
      `${binary} is the wrapper of setup-terraform or setup-opentofu, which copies the whole output, secrets included, into the outputs of the step`,
      WRAPPER_REMEDY,
    );
  return new CommandError(
    `'${binary} version -json' prints other things than JSON: it is no Terraform, or something is put before it`,
    "Name the program itself by TERRAFORM_BINARY_NAME.",
  );
}
