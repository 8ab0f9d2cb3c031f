import type { Construct } from "constructs";
import { Backup } from "../backup/backup";
import type { BackupOptions } from "../backup/backup-options";
import type { ServiceImage } from "../network/service-image";
import type { IServiceNetwork } from "../network/service-network";
import type { MlflowServer } from "../server/mlflow-server";
import type { IArtifactStore, IBackendStore } from "../stores/store";
import { ImageName } from "../values/image-name";

/** The parts of a stack that its backup is about. */
export interface BackedUp {
  readonly network: IServiceNetwork;
  readonly backendStore: IBackendStore;
  readonly artifactStore: IArtifactStore;
  readonly server: MlflowServer;
  readonly serverImage: ServiceImage;
}

/** The backup of a stack. It starts after the migration, so that its first backup is of a schema that MLflow reads. */
export function stackBackup(scope: Construct, options: BackupOptions, parts: BackedUp): Backup {
  const { network, backendStore, artifactStore, server, serverImage } = parts;
  return new Backup(scope, "backup", {
    ...options,
    network,
    backendStore,
    artifactStore,
    secrets: server.encryptionSecrets,
    mlflowVersion: versionOf(serverImage),
    dependsOn: [server.migration],
  });
}

/** The release in the tag of an image, such as `3.1.0` of `mlflow:v3.1.0-full`. */
function versionOf(image: ServiceImage): string | undefined {
  return /^v?(\d+\.\d+\.\d+)/.exec(new ImageName(image.name).tag ?? "")?.[1];
}
