import { chmodSync, existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * Takes a state file and its backups from the users of the machine who may read them: they hold every password of the
 * stack. Terraform makes them with the user's umask, unless it is started by this command. A mode that lets only a group
 * in is somebody's choice, and stays.
 *
 * @returns a line for each file that others could read.
 */
export function protectState(file: string | undefined): string[] {
  if (file === undefined || !process.getuid || !existsSync(dirname(file))) return [];
  const [folder, name] = [dirname(file), basename(file)];
  return readdirSync(folder)
    .filter((entry) => entry === name || (entry.startsWith(`${name}.`) && entry.endsWith("backup")))
    .map((entry) => join(folder, entry))
    .flatMap((path) => protect(path));
}

function protect(path: string): string[] {
  const { mode, uid } = statSync(path);
  if ((mode & 0o007) === 0) return [];
  const octal = (mode & 0o777).toString(8);
  if (uid !== process.getuid?.())
    return [
      `Warning: ${path} has mode ${octal}: everybody on this machine may read its passwords. Its owner can 'chmod 600' it.`,
    ];
  chmodSync(path, 0o600);
  return [
    `Warning: ${path} had mode ${octal}: everybody on this machine could read its passwords. Its mode is 600 now. ` +
      "Rotate the passwords if somebody else uses this machine.",
  ];
}
