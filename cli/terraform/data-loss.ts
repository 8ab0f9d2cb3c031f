import { actionOf, changesOf } from "./plan-actions";
import type { Plan, ResourceChange } from "./plan-json";

const VOLUME = "docker_volume";
// Suffixes of resource types that hold data at other providers. `aws_s3_bucket_policy` does not match.
const STORAGE =
  /(^|_)(bucket|volume|disk|file_?system|database|db_instance|rds_cluster|storage_account|storage_container)$/;

/** The resources with data that a plan deletes or replaces. `up` refuses them, `review` names them first. */
export function removedData(plan: Plan): ResourceChange[] {
  return changesOf(plan).filter((change) => holdsData(plan, change) && isLost(change));
}

/** The resources with data that are missing on the engine. An apply would create new and empty ones. */
export function missingData(plan: Plan): ResourceChange[] {
  return (plan.resource_drift ?? []).filter((change) => holdsData(plan, change) && isLost(change));
}

/** Whether a resource may hold data of value. */
export function holdsData(plan: Plan, { type, address, mode }: ResourceChange): boolean {
  if (mode === "data") return false;
  if (type !== VOLUME) return STORAGE.test(type);
  // The output `volumes` lists the volumes with data; in a stack without that output any volume may have some.
  const { before, after } = plan.output_changes?.volumes ?? {};
  if (typeof before !== "object" || before === null) return true;
  return address in before || (typeof after === "object" && after !== null && address in after);
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
