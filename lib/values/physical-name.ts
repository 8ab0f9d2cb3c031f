import { TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { ValidationError } from "./errors";

/**
 * Stack id and construct path, as a name that Docker, DNS and HTTP clients take.
 *
 * @throws ValidationError when it is longer than 63 characters, or an id in it has other letters than a to z: without
 * them, different ids would have the same name, or none.
 */
export function physicalName(construct: Construct, suffix?: string): string {
  const stack = TerraformStack.of(construct);
  const path = construct.node.scopes.slice(construct.node.scopes.indexOf(stack)).map(({ node }) => node.id);
  const unusable = path.find((id) => !/^[\x20-\x7e]*[a-z0-9][\x20-\x7e]*$/i.test(id));
  if (unusable !== undefined) {
    throw new ValidationError(
      "NameLetters",
      `the id of a stack or construct must have letters from a to z or digits, and no others, because it is a part of names on the engine, got: '${unusable}'`,
      construct,
    );
  }
  const words = [...path.filter((word) => word !== "Default"), ...(suffix ? [suffix] : [])];
  const name = words
    .join("-")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
  if (name.length > 63) {
    throw new ValidationError(
      "NameLength",
      `stack id and construct path must fit into a host name of 63 characters, got: '${name}'`,
      construct,
    );
  }
  return name;
}
