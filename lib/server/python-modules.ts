import { packageText } from "../values/package-folder";
import type { ServiceFile } from "../network/service-network";

const FOLDER = "/etc/mlflow";
// The modules of this package, and what they are to SQLAlchemy and MLflow, which find plugins by these metadata.
const PLUGINS = {
  connection_pool: "[sqlalchemy.plugins]\nnested = connection_pool:NestedPoolPlugin\n",
  gateway_only:
    "[mlflow.app]\ngateway-only = gateway_only:create_app\n\n" +
    "[mlflow.request_header_provider]\ngateway-only = gateway_only:KeyOfLocalClients\n",
};

/** Lets Python find the modules as if they were installed packages. */
export const MODULES_ENVIRONMENT = { PYTHONPATH: FOLDER };

/** The flag by which MLflow's server answers its gateway only. */
export const GATEWAY_ONLY = ["--app-name", "gateway-only"];

/** A database address that uses the pool. */
export function pooled(address: string): string {
  return `${address}&plugin=nested`;
}

/** The connection pool in which calls cannot deadlock, and MLflow's app that answers its gateway only. */
export function pythonModules(): ServiceFile[] {
  const files = Object.entries(PLUGINS).flatMap(([name, entryPoints]) => [
    [`${name}.py`, packageText("mlflow", `${name}.py`)] as const,
    [`${name}.dist-info/METADATA`, `Metadata-Version: 2.1\nName: ${name}\nVersion: 1\n`] as const,
    [`${name}.dist-info/entry_points.txt`, entryPoints] as const,
  ]);
  return files.map(([name, content]) => ({ path: `${FOLDER}/${name}`, content, secret: false }));
}
