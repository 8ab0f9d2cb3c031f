import { DataResource, Fn, Lazy } from "cdktf";
import type { Construct, IConstruct } from "constructs";
import { physicalName } from "../values/physical-name";

const IDENTITIES = new WeakMap<IConstruct, string[]>();

/**
 * What tells the stores of one server from all others: its name, when it was first planned, and a random part. It stays
 * in the Terraform state.
 *
 * @param artifactStore where the server leaves it as a mark.
 */
export function stackIdentity(server: Construct, artifactStore: IConstruct): string {
  const resource = new DataResource(server, "identity", {
    input: `${physicalName(server)}/${Fn.timestamp()}/${Fn.uuid()}` as never,
    // both functions give something new in every plan.
    lifecycle: { ignoreChanges: ["input"] },
  });
  const identity = resource.getStringAttribute("output");
  IDENTITIES.set(artifactStore, [...(IDENTITIES.get(artifactStore) ?? []), identity]);
  return identity;
}

/** The identities of all servers that keep their files in a store, with blanks between. They come after the store. */
export function identitiesOf(artifactStore: IConstruct): string {
  return Lazy.stringValue({ produce: () => (IDENTITIES.get(artifactStore) ?? []).join(" ") });
}
