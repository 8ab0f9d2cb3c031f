import { Annotations } from "cdktf";
import type { Construct } from "constructs";
import { BACKUP_FOLDER } from "../contract/backup";
import type { BackupSettings } from "../contract/backup";
import type { IServiceNetwork, IVolume, ServiceFile } from "../network/service-network";
import type { IArtifactStore } from "../stores/store";
import { s3Target } from "./s3-target";
import type { BackupS3Options } from "./s3-target";
import { sftpTarget } from "./sftp-target";
import type { BackupSftpOptions } from "./sftp-target";

/** What the service needs for its target. */
export interface BackupTargetFragment {
  /** Settings of the program. */
  readonly environment: BackupSettings;

  /** Files with keys and certificates. */
  readonly files: ServiceFile[];

  /** The target itself, if it is on the engine's host. */
  readonly volume?: IVolume;

  /** Whether it is outside of the network. */
  readonly external: boolean;
}

/** What a target is bound to. */
export interface BackupPlace {
  readonly network: IServiceNetwork;
  readonly artifactStore: IArtifactStore;
}

/**
 * Where backups go. They are encrypted before they get there.
 *
 * A new kind is a static function here, and a function that returns its fragment.
 */
export class BackupTarget {
  /**
   * A folder on the engine's host, such as a mounted network drive. The user of the image must be able to write to it:
   * 999 in the default image.
   *
   * @param hostPath absolute path. It must exist.
   */
  public static folder(hostPath: string): BackupTarget {
    return new BackupTarget((scope, { network }) => local(network.addVolume(scope, "target", { hostPath })));
  }

  /**
   * A volume on the engine. It is on the disk of the data, so it helps against mistakes, and not against a lost disk or
   * machine: the construct warns of it.
   */
  public static volume(): BackupTarget {
    return new BackupTarget((scope, { network }) => {
      Annotations.of(scope).addWarning(
        "'target' is on the disk of the data: these backups help against mistakes, but not against a lost disk or machine; use BackupTarget.folder() with another disk, BackupTarget.s3() or BackupTarget.sftp()",
      );
      return local(network.addVolume(scope, "target"));
    });
  }

  /** A bucket of an S3 service outside of the stack. It must not be the bucket that MLflow's artifacts are in. */
  public static s3(options: BackupS3Options): BackupTarget {
    return new BackupTarget((scope, { artifactStore }) => s3Target(options, artifactStore, scope));
  }

  /** A folder on an SSH server. */
  public static sftp(options: BackupSftpOptions): BackupTarget {
    return new BackupTarget((scope) => sftpTarget(options, scope));
  }

  /**
   * Called by the backup, once.
   *
   * @internal
   */
  public readonly _bind: (scope: Construct, place: BackupPlace) => BackupTargetFragment;

  private constructor(bind: (scope: Construct, place: BackupPlace) => BackupTargetFragment) {
    this._bind = bind;
  }
}

function local(volume: IVolume): BackupTargetFragment {
  return { environment: { BACKUP_TARGET: `file://${BACKUP_FOLDER}` }, files: [], volume, external: false };
}
