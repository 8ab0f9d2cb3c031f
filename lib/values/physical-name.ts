import { TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { ValidationError } from "./errors";

/** Stack id and construct path, as a name that Docker, DNS and HTTP clients take. */
export function physicalName(construct: Construct, suffix?: string): string {
  const stack = TerraformStack.of(construct);
  const path = construct.node.scopes.slice(construct.node.scopes.indexOf(stack)).map(({ node }) => node.id);
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
