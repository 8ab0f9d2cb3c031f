import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { devNull, homedir } from "node:os";
import { dirname, join } from "node:path";

// Variables about the index. Those with paths of this machine mean nothing in a build.
const VARIABLES = ["PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_DEFAULT_TIMEOUT"];

/**
 * Copies this machine's settings for pip into a folder that a build copies over its root: pip's configuration files, and a
 * shell file of variables.
 */
export function copyPipSettings(root: string, environment: NodeJS.ProcessEnv = process.env): void {
  copyFiles(root, environment);
  const lines = VARIABLES.flatMap((name) => (environment[name] ? [`${name}=${quote(environment[name])}`] : []));
  if (existsSync(join(root, "pip.conf"))) lines.push("PIP_CONFIG_FILE=/pip.conf");
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, "pip-environment"), lines.map((line) => `${line}\n`).join(""), { mode: 0o600 });
}

function copyFiles(root: string, { HOME: home = homedir(), PIP_CONFIG_FILE: named }: NodeJS.ProcessEnv): void {
  // PIP_CONFIG_FILE=/dev/null makes pip read no configuration file.
  if (named === devNull) return;
  copy("/etc/pip.conf", join(root, "etc/pip.conf"));
  for (const name of [".config/pip/pip.conf", ".pip/pip.conf"]) copy(join(home, name), join(root, "root", name));
  // pip reads this file last, too.
  if (named) copy(named, join(root, "pip.conf"));
}

function copy(from: string, to: string): void {
  if (!existsSync(from)) return;
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

function quote(value: string): string {
  return `'${value.replaceAll("'", String.raw`'\''`)}'`;
}
