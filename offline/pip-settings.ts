import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { devNull, homedir } from "node:os";
import { dirname, join } from "node:path";

// which index to ask; paths of this machine mean nothing in a build.
const VARIABLES = ["PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_DEFAULT_TIMEOUT"];

/**
 * Copies what tells this machine's pip where packages are into a folder that a build puts over its root: pip's
 * configuration files, and a shell file of variables.
 */
export function copyPipSettings(root: string, environment: NodeJS.ProcessEnv = process.env): void {
  copyFiles(root, environment);
  const lines = VARIABLES.flatMap((name) => (environment[name] ? [`${name}=${quote(environment[name])}`] : []));
  if (existsSync(join(root, "pip.conf"))) lines.push("PIP_CONFIG_FILE=/pip.conf");
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, "pip-environment"), lines.map((line) => `${line}\n`).join(""), { mode: 0o600 });
}

function copyFiles(root: string, { HOME: home = homedir(), PIP_CONFIG_FILE: named }: NodeJS.ProcessEnv): void {
  // this is how pip is told to read none.
  if (named === devNull) return;
  copy("/etc/pip.conf", join(root, "etc/pip.conf"));
  for (const name of [".config/pip/pip.conf", ".pip/pip.conf"]) copy(join(home, name), join(root, "root", name));
  // comes last for pip too.
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
