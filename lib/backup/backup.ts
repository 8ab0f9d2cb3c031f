import { TerraformStack } from "cdktf";
import { Construct } from "constructs";
import type { IConstruct } from "constructs";
import type { BackupKeep, BackupOptions } from "./backup-options";
import {
  BACKUP_FOLDER,
  BACKUP_PASSPHRASE_FILE,
  BACKUP_PROGRAM,
  BACKUP_SECRETS_FOLDER,
  BACKUP_STATE_FOLDER,
  MIN_PASSPHRASE,
} from "../contract/backup";
import type { BackupSettings } from "../contract/backup";
import { ContainerRole } from "../contract/container-roles";
import { SECRETS_FOLDER } from "../contract/secret-files";
import { HealthCheck } from "../network/health-check";
import { ServiceFile } from "../network/service-file";
import { ServiceImage } from "../network/service-image";
import type { IServiceNetwork } from "../network/service-network";
import { Secret } from "../secrets/secret";
import type { SecretValue } from "../secrets/secret";
import type { IArtifactStore, IBackendStore } from "../stores/store";
import { requireSchedule } from "../values/cron-schedule";
import { DataSize } from "../values/data-size";
import { Duration } from "../values/duration";
import { ValidationError } from "../values/errors";
import { requireMemory } from "../values/memory";
import { packagePath } from "../values/package-folder";
import { RELEASES } from "../values/releases";

// The name shows the version of Kopia, which decides the form of the backups.
const IMAGE = `cdktf-mlflow/backup:${RELEASES.backup.kopia.version}`;
const MIN_MEMORY = DataSize.mebibytes(256);

/** How many backups stay by default. */
export const DEFAULT_KEEP: Required<BackupKeep> = { hourly: 24, daily: 7, weekly: 5, monthly: 12 };

/** Properties of a `Backup`. */
export interface BackupProps extends BackupOptions {
  /** The network to run on. No port is open there. */
  readonly network: IServiceNetwork;

  /** The database. */
  readonly backendStore: IBackendStore;

  /** The store for files. */
  readonly artifactStore: IArtifactStore;

  /**
   * What MLflow encrypts with, by the name of its setting: `MlflowServer.encryptionSecrets`. It becomes a part of each
   * backup.
   *
   * @default - none
   */
  readonly secrets?: { [name: string]: SecretValue };

  /**
   * Release of MLflow that the database belongs to, such as `3.1.0`. Each backup has it.
   *
   * @default - backups do not tell
   */
  readonly mlflowVersion?: string;

  /**
   * Services and jobs that it starts after, in addition to those of the stores.
   *
   * @default - none
   */
  readonly dependsOn?: IConstruct[];
}

/**
 * A service that makes backups of a database and a bucket together, on a schedule, and proves them by restoring the last
 * one into an isolated copy. Backups are encrypted before they leave the machine, and an object that has not changed is
 * not sent again.
 *
 * @throws ValidationError when a schedule is malformed or never fires, no backup would stay, the memory is too small, or
 * the target cannot be used.
 */
export class Backup extends Construct {
  /** The passphrase that encrypts all backups. */
  public readonly passphrase: SecretValue;

  constructor(scope: Construct, id: string, props: BackupProps) {
    super(scope, id);

    const { network, backendStore, artifactStore, schedule = "@hourly", drillSchedule = "@weekly" } = props;
    const memory = props.memory ?? DataSize.mebibytes(512);
    requireSchedule("schedule", schedule, this);
    requireSchedule("drillSchedule", drillSchedule, this);
    requireMemory("BackupMemory", memory, MIN_MEMORY, this);

    this.passphrase = (props.passphrase ?? Secret.generated()).bind(this, "passphrase");
    this.validatePassphrase();
    const target = props.target._bind(this, { network, artifactStore });
    const settings: BackupSettings = {
      ...target.environment,
      BACKUP_ARTIFACTS: artifactStore.destination,
      BACKUP_DRILL_SCHEDULE: drillSchedule,
      BACKUP_KEEP: this.renderKeep(props.keep ?? {}),
      BACKUP_SCHEDULE: schedule,
      BACKUP_STACK: TerraformStack.of(this).node.id,
      ...(props.mlflowVersion !== undefined && { MLFLOW_VERSION: props.mlflowVersion }),
    };
    const stores = [backendStore.clientSettings, artifactStore.clientSettings];

    network.addService(this, "Default", {
      role: ContainerRole.BACKUP,
      image: props.image ?? builtImage(props.buildArguments),
      entrypoint: [BACKUP_PROGRAM],
      args: ["serve"],
      environment: Object.assign({}, ...stores.map(({ environment }) => environment), settings),
      files: [
        ...stores.flatMap(({ files }) => files),
        secretFile(BACKUP_PASSPHRASE_FILE, this.passphrase),
        ...Object.entries(props.secrets ?? {})
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, secret]) => secretFile(`${BACKUP_SECRETS_FOLDER}/${name}`, secret)),
        ...target.files,
      ],
      volumes: [
        { volume: network.addVolume(this, "state"), path: BACKUP_STATE_FOLDER },
        ...(target.volume ? [{ volume: target.volume, path: BACKUP_FOLDER }] : []),
      ],
      memory,
      egress: target.external || stores.some(({ external }) => external),
      healthCheck: HealthCheck._restarting([BACKUP_PROGRAM, "health"]),
      // A backup that is interrupted writes what it has and releases its lock.
      stopGrace: Duration.seconds(30),
      dependsOn: [...new Set([...stores.flatMap(({ dependsOn }) => dependsOn), ...(props.dependsOn ?? [])])],
    });
  }

  private validatePassphrase(): void {
    this.passphrase.require(
      `length(VALUE) >= ${MIN_PASSPHRASE}`,
      `The passphrase of backups must have at least ${MIN_PASSPHRASE} characters.`,
    );
    this.passphrase.require(
      'VALUE == trimspace(VALUE) && length(regexall("[\\\\r\\\\n]", VALUE)) == 0',
      "The passphrase of backups must not begin or end with a blank, or hold a line break.",
    );
  }

  private renderKeep(given: BackupKeep): string {
    const keep = Object.entries(DEFAULT_KEEP).map(([period, number]) => {
      const kept = given[period as keyof BackupKeep] ?? number;
      if (!Number.isInteger(kept) || kept < 0) {
        throw new ValidationError(
          "BackupKeep",
          `'keep.${period}' must be a whole number of 0 or more, got: ${kept}`,
          this,
        );
      }
      return { period, kept };
    });
    if (keep.every(({ kept }) => kept === 0)) {
      throw new ValidationError("BackupKeep", "'keep' must keep a backup: one of its numbers must be 1 or more", this);
    }
    return keep.map(({ period, kept }) => `${period}=${kept}`).join(",");
  }
}

function secretFile(path: string, secret: SecretValue): ServiceFile {
  return ServiceFile.ofSecret(path.slice(SECRETS_FOLDER.length), secret.unsafeUnwrap());
}

function builtImage(buildArguments: { [name: string]: string } | undefined): ServiceImage {
  return ServiceImage.build({ folder: packagePath("backup"), name: IMAGE, buildArguments });
}
