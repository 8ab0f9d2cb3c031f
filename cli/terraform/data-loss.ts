import { actionOf, changesOf } from "./plan-json";
import type { Plan, ResourceChange } from "./plan-json";

const VOLUME = "docker_volume";
// what other providers call a place for data; what belongs to one, such as `aws_s3_bucket_policy`, ends otherwise.
const STORAGE =
  /(^|_)(bucket|volume|disk|file_?system|database|db_instance|rds_cluster|storage_account|storage_container)$/;

/** What a plan deletes or replaces that holds data. `up` refuses it, `review` puts it first. */
export function removedData(plan: Plan): ResourceChange[] {
  return changesOf(plan).filter((change) => holdsData(plan, change) && isLost(change));
}

/** What should hold data and is no longer there, so that an apply would make it anew and empty. */
export function missingData(plan: Plan): ResourceChange[] {
  return (plan.resource_drift ?? []).filter((change) => holdsData(plan, change) && isLost(change));
}

/** Whether a resource may hold data of value. */
export function holdsData(plan: Plan, { type, address, mode }: ResourceChange): boolean {
  if (mode === "data") return false;
  if (type !== VOLUME) return STORAGE.test(type);
  // a stack says by its output which volumes matter; one that says nothing may have data in any.
  const { before, after } = plan.output_changes?.volumes ?? {};
  if (typeof before !== "object" || before === null) return true;
  return address in before || (typeof after === "object" && after !== null && address in after);
}

/** A place for data in words, such as `the volume 'mlflow-postgres-data-18'`. */
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
