import { actionOf, changesOf } from "./plan-actions";
import type { Plan, ResourceChange } from "./plan-json";

const VOLUME = "docker_volume";
// What can be recreated from the code. Everything else may hold data of value, whatever its type is called.
const HARMLESS =
  /^(docker_(container|network|image|tag|service)|random_\w+|terraform_data|null_resource|time_\w+|tls_(cert_request|self_signed_cert|locally_signed_cert)|\w+_(policy|policy_attachment|policy_document))$/;

/** The resources that a plan deletes or replaces, and that may hold data. `up` refuses them, `review` names them first. */
export function removedData(plan: Plan): ResourceChange[] {
  return changesOf(plan).filter((change) => mayHoldData(change) && isLost(change));
}

/** The resources with data that are missing on the engine. An apply would create new and empty ones. */
export function missingData(plan: Plan): ResourceChange[] {
  return (plan.resource_drift ?? []).filter((change) => mayHoldData(change) && isLost(change));
}

/** Whether a resource may hold data of value: every type does that is not known to hold none. */
export function mayHoldData({ type, mode }: ResourceChange): boolean {
  return mode !== "data" && !HARMLESS.test(type);
}

/** The name of a resource with data in messages, such as `the volume 'mlflow-postgres-data-18'`. */
export function dataName({ change, address, type }: ResourceChange): string {
  const name = change.before?.name ?? change.before?.bucket ?? change.after?.name;
  const marks = change.before_sensitive as { name?: unknown; bucket?: unknown } | undefined;
  if (typeof name !== "string" || marks?.name === true || marks?.bucket === true) return address;
  return type === VOLUME ? `the volume '${name}'` : `${address} ('${name}')`;
}

function isLost(change: ResourceChange): boolean {
  const action = actionOf(change);
  return action === "delete" || action === "replace";
}
