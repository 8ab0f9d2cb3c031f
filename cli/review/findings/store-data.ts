import { filesOf, environmentOf } from "../plan/container";
import type { Attributes } from "../plan/attributes";
import type { PlannedContainer } from "../plan/container-change";
import type { DataFinding } from "../model/model";
import { text } from "../model/text";
import type { Text } from "../model/text";
import { ContainerRole } from "../../../lib/contract/container-roles";

const SERVICE_FILE = "/run/secrets/pg_service.conf";

/** Where MLflow keeps its data after the apply, if that is another place. */
export function storeFindings(container: PlannedContainer): DataFinding[] {
  const { before, after, job, role } = container;
  if (!before || !after || job || (role !== undefined && role !== ContainerRole.SERVER)) return [];
  return [...database(before, after), ...files(before, after)];
}

function database(before: Attributes, after: Attributes): DataFinding[] {
  const [old, now] = [before, after].map(databaseOf);
  if (!old || !now || old === now) return [];
  return [
    moved(
      text`MLflow keeps experiments, runs, metrics and registered models in another database: ${now} instead of ${old}. What is in the old one stays there, and is not seen any more; if the new one is empty, MLflow is empty`,
    ),
  ];
}

// Of the secret file only the lines that are no secret: host, port and name.
function databaseOf(container: Attributes): string | undefined {
  const content = filesOf(container).get(SERVICE_FILE)?.content;
  const line = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(content ?? "")?.[1];
  const host = line("host");
  if (host !== undefined) return `${line("dbname")} at ${host}:${line("port")}`;
  return environmentOf(container)
    ?.get("MLFLOW_BACKEND_STORE_URI")
    ?.replace(/\/\/[^@/]*@/, "//");
}

function files(before: Attributes, after: Attributes): DataFinding[] {
  const [old, now] = [before, after].map((side) => {
    const settings = environmentOf(side);
    const bucket = settings?.get("MLFLOW_ARTIFACTS_DESTINATION");
    return bucket === undefined ? undefined : { bucket, endpoint: settings?.get("MLFLOW_S3_ENDPOINT_URL") };
  });
  if (!old || !now || (old.bucket === now.bucket && old.endpoint === now.endpoint)) return [];
  const place = ({ bucket, endpoint }: { bucket: string; endpoint?: string }): Text =>
    endpoint === undefined ? text`${bucket}` : text`${bucket} at ${endpoint}`;
  return [
    moved(
      text`MLflow keeps files and models at ${place(now)} instead of ${place(old)}: those in the old place are not moved, so that files of earlier runs no longer open`,
    ),
  ];
}

function moved(sentence: Text): DataFinding {
  return { effect: "warning", text: sentence };
}
