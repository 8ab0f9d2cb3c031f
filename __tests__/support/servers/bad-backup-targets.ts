import { chmodSync } from "node:fs";
import type { Variables } from "../stacks/deployment";
import { RIGHTS } from "./backup-servers";
import type { S3Server, SshServer } from "./backup-servers";

/** Where the backups of a test go. */
export interface BackupPlaces {
  readonly s3: S3Server;
  readonly ssh: SshServer;
  readonly folder: string;
}

/** A target that cannot be used. */
export interface BadTarget {
  readonly what: string;
  readonly target: "S3" | "SSH" | "folder";

  /** Settings in the place of those of the good target. */
  readonly settings?: (places: BackupPlaces) => Promise<Variables> | Variables;

  /** Breaks the target itself, and mends it. These come first: the stack has the settings of the good target. */
  readonly breaks?: (places: BackupPlaces) => Promise<unknown> | void;
  readonly mends?: (places: BackupPlaces) => Promise<unknown> | void;

  /** What the error says. */
  readonly says: RegExp;

  /** Whether backups can be listed. Otherwise this fails, too, and tells of no empty target. */
  readonly isReadable?: boolean;
}

const ANOTHER_PASSPHRASE = { BACKUP_PASSPHRASE: "another passphrase of the soak" };

export const BAD_TARGETS: readonly BadTarget[] = [
  {
    what: "does not run",
    target: "S3",
    breaks: ({ s3 }) => s3.stop(),
    mends: ({ s3 }) => s3.startAgain(),
    says: /connection refused/,
  },
  {
    what: "has another secret key",
    target: "S3",
    settings: () => ({ BACKUP_SECRET_ACCESS_KEY: "another-secret-key" }),
    says: /Correct BACKUP_SECRET_ACCESS_KEY/,
  },
  {
    what: "does not know the access key",
    target: "S3",
    settings: () => ({ BACKUP_ACCESS_KEY_ID: "nobody" }),
    says: /Correct BACKUP_ACCESS_KEY_ID/,
  },
  {
    what: "lets the key only read",
    target: "S3",
    settings: ({ s3 }) => s3.createUser("reader", "backups", RIGHTS.reading),
    says: /s3:PutObject/,
    isReadable: true,
  },
  {
    what: "does not have the bucket",
    target: "S3",
    settings: async ({ s3 }) => ({
      ...(await s3.createUser("nowhere", "nowhere", RIGHTS.backups)),
      BACKUP_TARGET: "s3://nowhere",
    }),
    says: /Create the bucket/,
  },
  {
    what: "was written with another passphrase",
    target: "S3",
    settings: () => ANOTHER_PASSPHRASE,
    says: /another passphrase/,
  },
  {
    what: "does not run",
    target: "SSH",
    breaks: ({ ssh }) => ssh.stop(),
    mends: ({ ssh }) => ssh.startAgain(),
    says: /connection refused/,
  },
  {
    what: "lets nobody write",
    target: "SSH",
    breaks: ({ ssh }) => ssh.shell("chown -R root:root /srv/backup && chmod -R a+rX,a-w /srv/backup"),
    mends: ({ ssh }) => ssh.shell("chown -R mlflow:mlflow /srv/backup && chmod -R u+w /srv/backup"),
    says: /permission denied/,
    isReadable: true,
  },
  {
    what: "has another host key",
    target: "SSH",
    settings: async ({ ssh }) => ({ BACKUP_KNOWN_HOSTS: await ssh.keyOfAnotherHost() }),
    says: /BACKUP_KNOWN_HOSTS/,
  },
  {
    what: "does not know the private key",
    target: "SSH",
    settings: async ({ ssh }) => ({ BACKUP_SSH_KEY: await ssh.createKey(false) }),
    says: /BACKUP_SSH_KEY/,
  },
  {
    what: "does not have the folder",
    target: "SSH",
    settings: ({ ssh }) => ({ BACKUP_TARGET: ssh.target("/srv/backup/of-a-missing-drive") }),
    says: /does not exist/,
  },
  {
    what: "is full",
    target: "SSH",
    settings: ({ ssh }) => ({ BACKUP_TARGET: ssh.target("/srv/full") }),
    says: /free space/,
    isReadable: true,
  },
  {
    what: "was written with another passphrase",
    target: "SSH",
    settings: () => ANOTHER_PASSPHRASE,
    says: /another passphrase/,
  },
  {
    what: "lets nobody write",
    target: "folder",
    breaks: ({ folder }) => chmodSync(folder, 0o555),
    mends: ({ folder }) => chmodSync(folder, 0o777),
    says: /permission denied/,
    isReadable: true,
  },
];
