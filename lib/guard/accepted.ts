import type { IConstruct } from "constructs";
import type { GuardRule } from "./guard-rule";

/** Type of the metadata by which a construct accepts the break of a rule. Another copy of this library reads it, too. */
export const ACCEPTED = "cdktf-mlflow:accepted";

/** Whether `StackGuard.accept()` has accepted the break of a rule in a construct, or above it. */
export function isAccepted(resource: IConstruct, rule: GuardRule): boolean {
  return resource.node.scopes.some(({ node }) =>
    node.metadata.some(({ type, data }) => type === ACCEPTED && (data as { rule: string }).rule === rule),
  );
}
