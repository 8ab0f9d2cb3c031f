import type { JobSpec } from "../network/service-network";

// Directly in the database, because the server answers no request in a workspace that does not exist.
const CREATE = `
import sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
known = {workspace.name for workspace in client.list_workspaces()}
for name in sys.argv[2:]:
    if name not in known:
        client.create_workspace(name)
        print("created the workspace", name)
`;

/** Creates the workspaces that do not exist, with MLflow's own client. */
export function workspacesJob(
  database: string,
  names: string[],
): Pick<JobSpec, "args" | "entrypoint" | "errorMessage"> {
  return {
    entrypoint: ["python", "-c", CREATE],
    args: [database, ...names],
    errorMessage: "The workspaces of the users could not be created.",
  };
}
