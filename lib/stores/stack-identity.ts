import { DataResource, Fn, Lazy } from "cdktf";
import type { Construct, IConstruct } from "constructs";
import { physicalName } from "../values/physical-name";

const IDENTITIES = new WeakMap<IConstruct, string[]>();

/**
 * The identity of a server, by which its stores are told from others: its name, the time of its first plan and a random
 * part. The Terraform state keeps it.
 *
 * @param artifactStore the store in which the server writes it into a marker.
 */
export function stackIdentity(server: Construct, artifactStore: IConstruct): string {
  const resource = new DataResource(server, "identity", {
    input: `${physicalName(server)}/${Fn.timestamp()}/${Fn.uuid()}` as never,
    // Both functions have a new value in every plan.
    lifecycle: { ignoreChanges: ["input"] },
  });
  const identity = resource.getStringAttribute("output");
  IDENTITIES.set(artifactStore, [...(IDENTITIES.get(artifactStore) ?? []), identity]);
  return identity;
}

/** The identities of all servers of an artifact store, separated by blanks. Lazy: servers are defined after the store. */
export function identitiesOf(artifactStore: IConstruct): string {
  return Lazy.stringValue({ produce: () => (IDENTITIES.get(artifactStore) ?? []).join(" ") });
}
