import type { JobSpec } from "../network/service-network";

// Directly in the database, because the server answers no request in a workspace that does not exist. Only workspaces
// are opened: MLflow's tracking client would also create experiment 0, whose files it would place in a folder of this job.
//
// The default workspace gets a root of its own, so that the server keeps its files at the same place as without
// workspaces. Else MLflow's pages upload files of runs to that place, and look for them below workspaces/default.
const CREATE = `
import sys
from mlflow.tracking._workspace.client import WorkspaceProviderClient
client = WorkspaceProviderClient(sys.argv[1])
known = {workspace.name: workspace for workspace in client.list_workspaces()}
if not known["default"].default_artifact_root:
    client.update_workspace("default", default_artifact_root="mlflow-artifacts:/")
for name in sys.argv[2:]:
    if name not in known:
        client.create_workspace(name)
        print("created the workspace", name)
`;

/** Creates the workspaces that do not exist, with MLflow's own client for workspaces. */
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
