import { isIPv6 } from "node:net";
import { Token } from "cdktf";
import type { Construct } from "constructs";
import { BACKUP_TARGET_KNOWN_HOSTS_FILE, BACKUP_TARGET_SSH_KEY_FILE } from "../contract/backup";
import { SECRETS_FOLDER } from "../contract/secret-files";
import { ServiceFile } from "../network/service-file";
import type { Secret } from "../secrets/secret";
import { ValidationError } from "../values/errors";
import { rejectLoopback } from "../values/container-host";
import type { BackupTargetFragment } from "./backup-target";

const SSH_PORT = 22;

/** Options of `BackupTarget.sftp()`. */
export interface BackupSftpOptions {
  /** Host name or address of the server, as containers reach it: never `localhost`. */
  readonly host: string;

  /**
   * TCP port of the server.
   *
   * @default 22
   */
  readonly port?: number;

  /** Name of the user. */
  readonly user: string;

  /** Absolute path of an existing folder on the server. */
  readonly path: string;

  /** The user's private key, without a passphrase. */
  readonly privateKey: Secret;

  /** Host keys of the server, as `ssh-keyscan` prints them. They are public. */
  readonly knownHosts: string;
}

/** A folder on an SSH server. */
export function sftpTarget(options: BackupSftpOptions, scope: Construct): BackupTargetFragment {
  const { host, port = SSH_PORT, user, path, knownHosts } = options;
  rejectLoopback("host", host, scope);
  validateHost(host, scope);
  validatePort(port, scope);
  validateUser(user, scope);
  validatePath(path, scope);
  validateKnownHosts(knownHosts, host, port, scope);

  const privateKey = options.privateKey.bind(scope, "target-private-key");
  privateKey.require(
    'can(regex("^\\\\s*-----BEGIN [A-Z ]*PRIVATE KEY-----", VALUE)) && length(regexall("ENCRYPTED", VALUE)) == 0',
    "The private key must be in PEM or OpenSSH form, without a passphrase.",
  );
  const authority = `${isIPv6(host) ? `[${host}]` : host}${port === SSH_PORT ? "" : `:${port}`}`;
  return {
    environment: { BACKUP_TARGET: `sftp://${user}@${authority}${path}` },
    files: [
      ServiceFile.ofSecret(BACKUP_TARGET_SSH_KEY_FILE.slice(SECRETS_FOLDER.length), privateKey.unsafeUnwrap()),
      ServiceFile.of(BACKUP_TARGET_KNOWN_HOSTS_FILE, `${knownHosts.trimEnd()}\n`),
    ],
    external: true,
  };
}

function validateHost(host: string, scope: Construct): void {
  if (Token.isUnresolved(host) || isIPv6(host) || /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i.test(host)) return;
  throw new ValidationError("SftpHost", `'host' must be a host name or an IP address, got: '${host}'`, scope);
}

function validatePort(port: number, scope: Construct): void {
  if (Token.isUnresolved(port) || (Number.isInteger(port) && port >= 1 && port <= 65535)) return;
  throw new ValidationError("SftpPort", `'port' must be a whole number of 1 to 65535, got: ${port}`, scope);
}

function validateUser(user: string, scope: Construct): void {
  if (Token.isUnresolved(user) || /^[\w.-]+$/.test(user)) return;
  throw new ValidationError("SftpUser", `'user' must be of letters, digits, '.', '_' and '-', got: '${user}'`, scope);
}

function validatePath(path: string, scope: Construct): void {
  if (Token.isUnresolved(path) || /^(?:\/(?!\.{1,2}(?:\/|$))[\w.-]+)+$/.test(path)) return;
  throw new ValidationError(
    "SftpPath",
    `'path' must be an absolute path of letters, digits, '.', '_' and '-' with '/' between them, got: '${path}'`,
    scope,
  );
}

/** Rejects keys of other hosts: the program would connect to nobody. */
function validateKnownHosts(knownHosts: string, host: string, port: number, scope: Construct): void {
  if (Token.isUnresolved(knownHosts) || Token.isUnresolved(host)) return;
  const name = port === SSH_PORT ? host : `[${host}]:${port}`;
  const named = knownHosts
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([hosts = "#", ...key]) => !/^[#@]/.test(hosts) && key.length >= 2)
    .flatMap(([hosts = ""]) => hosts.split(","));
  // A hashed name and a pattern do not tell for which hosts they are.
  if (named.some((known) => known === name || /^\||[*?]/.test(known))) return;
  throw new ValidationError(
    "SftpKnownHosts",
    `'knownHosts' must have a line for '${name}', as 'ssh-keyscan ${port === SSH_PORT ? "" : `-p ${port} `}${host}' prints it`,
    scope,
  );
}
