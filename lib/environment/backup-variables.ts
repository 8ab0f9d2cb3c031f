import type { VariableDeclaration } from "./variable-declaration";

const BACKUP = { name: "BACKUP_TARGET" } as const;
const S3 = { name: "BACKUP_TARGET", beginning: "s3://" } as const;
const SFTP = { name: "BACKUP_TARGET", beginning: "sftp://" } as const;

/** The variables for backups. */
export const BACKUP_VARIABLES = [
  {
    names: ["BACKUP_TARGET"],
    description:
      "Where [backups](backup.md) go: `file:///srv/backup` (a folder of the Docker host), `s3://bucket/prefix`, `sftp://user@host:22/path`, or `volume:` (on the disk of the data: it helps against mistakes only).",
    default: "no backups are made",
  },
  {
    names: ["BACKUP_PASSPHRASE"],
    description: "The passphrase that encrypts all backups: 16 characters or more.",
    default: "generated",
    needs: BACKUP,
    terraformVariable: "backup_passphrase",
  },
  {
    names: ["BACKUP_SCHEDULE"],
    description: "When backups are made: five fields of cron, in UTC, or a name such as `@daily`.",
    default: "`@hourly`",
    needs: BACKUP,
  },
  {
    names: ["BACKUP_DRILL_SCHEDULE"],
    description: "When the last backup is restored into an isolated copy, in the same form.",
    default: "`@weekly`",
    needs: BACKUP,
  },
  {
    names: ["BACKUP_KEEP"],
    description: "How many backups stay. A period that it leaves out has its default.",
    default: "`hourly=24,daily=7,weekly=5,monthly=12`",
    needs: BACKUP,
  },
  {
    names: ["BACKUP_TARGET_ENDPOINT"],
    description: "Address of the S3 API of the target, as containers reach it.",
    default: "Amazon's",
    needs: S3,
  },
  {
    names: ["BACKUP_TARGET_REGION"],
    description: "Region of the target's bucket.",
    default: "`us-east-1`",
    needs: S3,
  },
  {
    names: ["BACKUP_TARGET_CA_CERTIFICATE"],
    description: "Certificate of the authority that signed the S3 API's certificate, as PEM text.",
    default: "those the image trusts",
    needs: S3,
  },
  {
    names: ["BACKUP_ACCESS_KEY_ID"],
    description: "Access key for the target's bucket.",
    default: "none",
    needs: S3,
    terraformVariable: "backup_access_key_id",
  },
  {
    names: ["BACKUP_SECRET_ACCESS_KEY"],
    description: "Secret key for the target's bucket.",
    default: "none",
    needs: S3,
    terraformVariable: "backup_secret_access_key",
  },
  {
    names: ["BACKUP_SSH_KEY"],
    description: "Private key of the target's user: the text itself, without a passphrase.",
    default: "none",
    needs: SFTP,
    terraformVariable: "backup_ssh_key",
  },
  {
    names: ["BACKUP_KNOWN_HOSTS"],
    description: "Host keys of the target, as `ssh-keyscan` prints them.",
    default: "none",
    needs: SFTP,
  },
] as const satisfies readonly VariableDeclaration[];
