import { CommandError } from "../../console/command-error";
import { isObject } from "../../console/parse-json";
import { requireKnownActions } from "./plan-actions";
import type { Plan } from "./plan-json";
import { misshapen } from "./plan-shape";
import { SETUP_WRAPPER, WRAPPER_REMEDY } from "./setup-wrapper";

/** How to get a plan that can be read. */
export const REMEDY =
  "Make one with: terraform plan -out=FILE, then review FILE, or what 'terraform show -json FILE' prints.";

const WRAPPER_FOUND = "the wrapper of setup-terraform or setup-opentofu has added lines of its own";

/**
 * A plan from the output of `terraform show -json`.
 *
 * @param name the input's name in messages.
 * @throws CommandError when it is no plan, an unfinished one, or one of a Terraform that this release does not know. The
 * message holds no value of the input.
 */
export function parsePlan(json: string, name: string): Plan {
  const document = parse(json, name);
  if (!isObject(document)) throw noPlan(name, "it holds no object");
  if ("@level" in document) throw noPlan(name, "it is the log of 'terraform plan -json'");
  if ("lineage" in document || ("values" in document && !("resource_changes" in document)))
    throw noPlan(name, "it is a state");
  if ("encrypted_data" in document)
    throw new CommandError(
      `${name} is a plan that OpenTofu has encrypted`,
      "Review what 'tofu show -json FILE' prints in the stack's folder, with the same TF_ENCRYPTION.",
    );
  const version = document.format_version;
  if (typeof version !== "string" || !("planned_values" in document || "resource_changes" in document))
    throw noPlan(name, "it lacks the fields that every plan has");
  // Terraform before 1.1 has 0.1 and 0.2.
  if (!/^[01]\.\d+$/.test(version))
    throw new CommandError(
      `${name} has format ${version.slice(0, 20)} of Terraform's plans, which this release does not know`,
      "Take a newer release of mlflow-stack.",
    );
  if (document.errored === true)
    throw new CommandError(`${name} is not finished: Terraform met an error while it planned`, "Plan again.");
  const part = misshapen(document);
  if (part !== undefined) throw noPlan(name, `its '${part}' has not the shape that Terraform documents`);
  requireKnownActions(document);
  return document;
}

function parse(json: string, name: string): unknown {
  if (json.trim() === "") throw noPlan(name, "it is empty");
  try {
    return JSON.parse(json);
  } catch {
    // The message of JSON.parse quotes the input, which holds secrets.
    const first = json.trimStart().split("\n", 1)[0] ?? "";
    if (first.startsWith("{") && first.includes('"@level"'))
      throw noPlan(name, "it is the log of 'terraform plan -json'");
    if (SETUP_WRAPPER.test(json)) throw new CommandError(`${name} is no plan: ${WRAPPER_FOUND}`, WRAPPER_REMEDY);
    throw noPlan(
      name,
      json.trimStart().startsWith("{") ? "its JSON is broken or cut off" : "it is neither a saved plan nor JSON",
    );
  }
}

function noPlan(name: string, why: string): CommandError {
  return new CommandError(`${name} is no plan: ${why}`, REMEDY);
}
