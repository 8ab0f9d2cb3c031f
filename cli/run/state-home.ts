import { mkdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { CommandError } from "../console/command-error";

/** Where the command keeps files of this user between its runs, below XDG_STATE_HOME or `~/.local/state`. */
export function stateHome({ XDG_STATE_HOME: home }: NodeJS.ProcessEnv, name: string): string {
  return join(home || join(homedir(), ".local", "state"), "mlflow-stack", name);
}

/**
 * Makes a folder for secrets, with mode 700.
 *
 * @throws CommandError when it cannot be made, or others may read it.
 */
export function requirePrivate(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new CommandError(
      `${folder} cannot be made: ${(error as Error).message}`,
      "Plans, which hold secrets, are kept there. Name another folder of yours in XDG_STATE_HOME.",
    );
  }
  const { mode, uid } = statSync(folder);
  // Windows has neither modes nor user numbers: the user's home is theirs alone.
  if (!process.getuid || ((mode & 0o077) === 0 && uid === process.getuid())) return;
  throw new CommandError(
    `${folder} must be this user's, with mode 700: plans hold secrets`,
    `chmod 700 ${folder}, as the user who owns it.`,
  );
}
