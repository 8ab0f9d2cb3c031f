import { DataResource, Fn } from "cdktf";
import type { Construct } from "constructs";
import { physicalName } from "./physical-name";

/**
 * What tells the stores of one server from all others: its name, when it was first planned, and a random part. It stays
 * in the Terraform state.
 */
export function stackIdentity(server: Construct): string {
  const identity = new DataResource(server, "identity", {
    input: `${physicalName(server)}/${Fn.timestamp()}/${Fn.uuid()}` as never,
    // both functions give something new in every plan.
    lifecycle: { ignoreChanges: ["input"] },
  });
  return identity.getStringAttribute("output");
}
