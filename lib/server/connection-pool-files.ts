import { packageText } from "../values/package-folder";
import type { ServiceFile } from "../network/service-network";

const FOLDER = "/etc/mlflow";

/** Lets Python find the pool as if it were an installed package. */
export const POOL_ENVIRONMENT = { PYTHONPATH: FOLDER };

/** A database address that uses the pool. */
export function pooled(address: string): string {
  return `${address}&plugin=nested`;
}

/** The connection pool in which calls cannot deadlock, and the metadata that make it SQLAlchemy's plugin `nested`. */
export function connectionPoolFiles(): ServiceFile[] {
  const files = {
    "connection_pool.py": packageText("mlflow", "connection_pool.py"),
    "connection_pool.dist-info/METADATA": "Metadata-Version: 2.1\nName: connection_pool\nVersion: 1\n",
    "connection_pool.dist-info/entry_points.txt": "[sqlalchemy.plugins]\nnested = connection_pool:NestedPoolPlugin\n",
  };
  return Object.entries(files).map(([name, content]) => ({ path: `${FOLDER}/${name}`, content, secret: false }));
}
