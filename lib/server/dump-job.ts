import { Lazy } from "cdktf";
import type { Construct, IConstruct } from "constructs";
import { rootCertificates } from "node:tls";
import { ContainerRole } from "../contract/container-roles";
import {
  AUTHORITIES_FILE,
  DUMP_FILE,
  DUMP_FOLDER,
  DUMP_VOLUME,
  IMAGE_ID_FILE,
  ROLLBACK_REQUEST,
} from "../contract/dumps";
import { ServiceFile } from "../network/service-file";
import type { ServiceImage } from "../network/service-image";
import type { IServiceNetwork, JobSpec } from "../network/service-network";
import { PostgresStore } from "../stores/postgres-store";
import type { IBackendStore } from "../stores/store";
import { DataSize } from "../values/data-size";
import { packageText } from "../values/package-folder";

/** The server whose database is dumped. */
export interface DumpedServer {
  readonly network: IServiceNetwork;
  readonly backendStore: IBackendStore;

  /** Its image. */
  readonly image: ServiceImage;

  /** Its name on the network. */
  readonly hostname: string;
}

/**
 * The job that dumps the database before its migration. Another image of MLflow runs it again, also under the same name.
 *
 * @param more what it starts after, besides the database.
 */
export function dumpJob(scope: Construct, server: DumpedServer, more: IConstruct[]): JobSpec {
  const { network, backendStore, image, hostname } = server;
  const { environment, files, external, hosts, dependsOn, triggers } = backendStore.clientSettings;
  // PostgreSQL's image trusts no authority, and libpq asks OpenSSL for those of the system.
  const trustsSystem = files.some(({ content }) => content.includes("\nsslrootcert=system\n"));
  // Images of services are known only when all are added.
  const id = Lazy.stringValue({ produce: () => network.images[hostname] ?? image.name });
  return {
    role: ContainerRole.DUMP_JOB,
    image: backendStore.toolsImage ?? PostgresStore.defaultImage(),
    entrypoint: ["bash"],
    args: [DUMP_FILE, DUMP_FOLDER, ROLLBACK_REQUEST, image.name, IMAGE_ID_FILE],
    environment: { ...environment, ...(trustsSystem && { SSL_CERT_FILE: AUTHORITIES_FILE }) },
    files: [
      ...files,
      ServiceFile.of(DUMP_FILE, packageText("mlflow", "dump.sh")),
      ServiceFile.of(IMAGE_ID_FILE, id),
      ...(trustsSystem ? [ServiceFile.of(AUTHORITIES_FILE, rootCertificates.join("\n"))] : []),
    ],
    volumes: [{ volume: network.addVolume(scope, "dumps"), path: DUMP_VOLUME }],
    user: "postgres",
    memory: DataSize.mebibytes(256),
    egress: external && hosts === undefined,
    dependsOn: [...dependsOn, ...(hosts ? more : [])],
    triggers,
    errorMessage: "The database could not be dumped, so it was not migrated, and the server was not started.",
  };
}
