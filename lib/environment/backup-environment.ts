import { posix } from "node:path";
import type { EnvironmentReader } from "./environment-reader";
import type { VariableName } from "./environment-variables";
import type { BackupKeep, BackupOptions } from "../backup/backup-options";
import { DEFAULT_KEEP } from "../backup/backup";
import { BackupTarget } from "../backup/backup-target";
import { MIN_PASSPHRASE } from "../contract/backup";
import { ValidationError } from "../values/errors";

const PERIODS = Object.keys(DEFAULT_KEEP);

/**
 * The backups, as environment variables describe them.
 *
 * @throws ValidationError when BACKUP_TARGET is no target, or settings of it are missing or malformed.
 */
export function backupFrom(environment: EnvironmentReader): BackupOptions | undefined {
  const target = environment.value("BACKUP_TARGET");
  if (target === undefined) return undefined;
  return {
    target: targetFrom(target, environment),
    passphrase: passphraseFrom(environment),
    schedule: environment.value("BACKUP_SCHEDULE"),
    drillSchedule: environment.value("BACKUP_DRILL_SCHEDULE"),
    keep: keepFrom(environment.value("BACKUP_KEEP")),
    image: environment.image("BACKUP_IMAGE"),
  };
}

function targetFrom(target: string, environment: EnvironmentReader): BackupTarget {
  if (target === "volume:") return BackupTarget.volume();
  const url = URL.canParse(target) ? new URL(target) : undefined;
  // The message does not repeat the value, which may contain a password.
  if (!url || url.search || url.hash || url.password) throw noTarget();
  switch (url.protocol) {
    case "file:":
      return folderFrom(target);
    case "s3:":
      return s3From(url, environment);
    case "sftp:":
      return sftpFrom(url, environment);
    default:
      throw noTarget();
  }
}

function folderFrom(target: string): BackupTarget {
  // As it is written: a URL decodes some characters of a path and not others.
  const [, path = ""] = /^file:\/\/(\/.+)$/.exec(target) ?? [];
  if (path === "" || posix.normalize(path) !== path) throw noTarget();
  return BackupTarget.folder(path);
}

function s3From(url: URL, environment: EnvironmentReader): BackupTarget {
  requireAll(["BACKUP_ACCESS_KEY_ID", "BACKUP_SECRET_ACCESS_KEY"], "s3://", environment);
  const prefix = url.pathname.replace(/^\/|\/$/g, "");
  return BackupTarget.s3({
    bucket: url.host,
    prefix: prefix === "" ? undefined : prefix,
    endpoint: environment.value("BACKUP_TARGET_ENDPOINT"),
    region: environment.value("BACKUP_TARGET_REGION"),
    caCertificate: environment.value("BACKUP_TARGET_CA_CERTIFICATE"),
    accessKeyId: environment.secret("BACKUP_ACCESS_KEY_ID"),
    secretAccessKey: environment.secret("BACKUP_SECRET_ACCESS_KEY"),
  });
}

function sftpFrom(url: URL, environment: EnvironmentReader): BackupTarget {
  requireAll(["BACKUP_SSH_KEY", "BACKUP_KNOWN_HOSTS"], "sftp://", environment);
  return BackupTarget.sftp({
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? undefined : Number(url.port),
    user: decodeURIComponent(url.username),
    path: url.pathname,
    privateKey: environment.secret("BACKUP_SSH_KEY"),
    knownHosts: environment.value("BACKUP_KNOWN_HOSTS") ?? "",
  });
}

function requireAll(names: readonly VariableName[], beginning: string, environment: EnvironmentReader): void {
  const missing = names.find((name) => environment.value(name) === undefined);
  if (missing === undefined) return;
  throw new ValidationError("BackupEnvironment", `${missing} must be set for a BACKUP_TARGET of ${beginning}`);
}

function passphraseFrom(environment: EnvironmentReader) {
  const passphrase = environment.value("BACKUP_PASSPHRASE");
  if (passphrase === undefined) return undefined;
  if ([...passphrase].length < MIN_PASSPHRASE) {
    throw new ValidationError(
      "BackupPassphrase",
      `BACKUP_PASSPHRASE must have at least ${MIN_PASSPHRASE} characters, got: ${[...passphrase].length}`,
    );
  }
  return environment.secret("BACKUP_PASSPHRASE");
}

function keepFrom(text: string | undefined): BackupKeep | undefined {
  if (text === undefined) return undefined;
  const entries = text.split(",").map((entry) => /^\s*([a-z]+)=(\d{1,4})\s*$/.exec(entry) ?? []);
  const periods = entries.map(([, period = ""]) => period);
  if (!periods.every((period) => PERIODS.includes(period)) || new Set(periods).size < periods.length) {
    throw new ValidationError(
      "BackupKeep",
      `BACKUP_KEEP must have a number for ${PERIODS.join(", ")}, each once at most, such as hourly=24,daily=7, got: '${text}'`,
    );
  }
  return Object.fromEntries(entries.map(([, period = "", number]) => [period, Number(number)]));
}

function noTarget(): ValidationError {
  return new ValidationError(
    "BackupTarget",
    "BACKUP_TARGET must be file:/// and an absolute path, s3://bucket/prefix, sftp://user@host:22/path without a password, or volume:",
  );
}
