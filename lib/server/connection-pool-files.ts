import { packageText } from "../values/package-folder";
import type { ServiceFile } from "../network/service-network";

const FOLDER = "/etc/mlflow";

/** How Python finds the pool by its name, as if it were installed. */
export const POOL_ENVIRONMENT = { PYTHONPATH: FOLDER };

/** The address of a database whose connections are the pool's. */
export function pooled(address: string): string {
  return `${address}&plugin=nested`;
}

/** The pool of connections that calls cannot lock up, and what makes it SQLAlchemy's plugin `nested`. */
export function connectionPoolFiles(): ServiceFile[] {
  const files = {
    "connection_pool.py": packageText("mlflow", "connection_pool.py"),
    "connection_pool.dist-info/METADATA": "Metadata-Version: 2.1\nName: connection_pool\nVersion: 1\n",
    "connection_pool.dist-info/entry_points.txt": "[sqlalchemy.plugins]\nnested = connection_pool:NestedPoolPlugin\n",
  };
  return Object.entries(files).map(([name, content]) => ({ path: `${FOLDER}/${name}`, content, secret: false }));
}
