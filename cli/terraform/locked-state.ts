import { CommandError } from "../console/command-error";
import { shellWord } from "../console/shell-word";
import type { Diagnostic } from "./terraform-messages";

/**
 * The error for a state that another Terraform holds; undefined for other problems.
 *
 * @param inFolder the beginning of a line that runs Terraform in the stack's folder.
 */
export function lockedState(problems: Diagnostic[], inFolder: string): CommandError | undefined {
  const detail = problems.find(({ summary }) => summary === "Error acquiring the state lock")?.detail;
  if (detail === undefined) return undefined;
  const [id, operation, who, created] = ["ID", "Operation", "Who", "Created"].map(
    (field) => new RegExp(`^ *${field}: +(\\S.*)$`, "m").exec(detail)?.[1],
  );
  // A backend that could not be asked for the lock names nobody.
  if (!id || !who) return undefined;
  return new CommandError(
    `the state is locked: ${who} has held it since ${created} (${operation}); nothing was changed`,
    [
      "Wait until that has ended, and run the command again.",
      `If it runs no more, because it was killed:  ${inFolder} force-unlock ${shellWord(id)}`,
    ].join("\n"),
  );
}
