import type { ServerSettings } from "../contract/server-settings";
import { packageText } from "../values/package-folder";
import { ServiceFile } from "../network/service-file";

const FOLDER = "/etc/mlflow";
/** The modules in `mlflow/` of this package that run in MLflow's processes. */
const MODULES = [
  "connection_pool",
  "database_errors",
  "gateway_only",
  "feature_hosts",
  "forked_workers",
  "metric_history",
  "request_log",
  "upload_answers",
];
// What some of them are to SQLAlchemy and MLflow, which find plugins by these metadata.
const PLUGINS = {
  connection_pool: "[sqlalchemy.plugins]\nnested = connection_pool:NestedPoolPlugin\n",
  gateway_only:
    "[mlflow.app]\ngateway-only = gateway_only:create_app\n\n" +
    "[mlflow.request_header_provider]\ngateway-only = gateway_only:KeyOfLocalClients\n",
};

/** The program that runs MLflow's command `server`. */
export const FORKED_WORKERS = `${FOLDER}/forked_workers.py`;

/** Lets Python find the modules as if they were installed packages. */
export const MODULES_ENVIRONMENT = { PYTHONPATH: FOLDER } satisfies ServerSettings;

/** The flag by which MLflow's server answers its gateway only. */
export const GATEWAY_ONLY = ["--app-name", "gateway-only"];

/** A database address that uses the pool. */
export function pooled(address: string): string {
  return `${address}&plugin=nested`;
}

/** The files of the modules, and of their metadata. */
export function pythonModules(): ServiceFile[] {
  const modules = MODULES.map((name) => [`${name}.py`, packageText("mlflow", `${name}.py`)] as const);
  const plugins = Object.entries(PLUGINS).flatMap(([name, entryPoints]) => [
    [`${name}.dist-info/METADATA`, `Metadata-Version: 2.1\nName: ${name}\nVersion: 1\n`] as const,
    [`${name}.dist-info/entry_points.txt`, entryPoints] as const,
  ]);
  return [...modules, ...plugins].map(([name, content]) => ServiceFile.of(`${FOLDER}/${name}`, content));
}
