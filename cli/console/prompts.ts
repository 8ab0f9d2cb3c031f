import { confirm, input } from "@inquirer/prompts";
import { CommandError } from "./command-error";

/**
 * Asks for a yes.
 *
 * @param yes whether it has been given already, by `--yes`.
 * @throws CommandError when the answer is no, or nobody is there to give one.
 */
export async function requireYes(question: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY) throw new CommandError(`${question} Nobody is here to answer.`, "Answer with --yes.");
  if (!(await confirm({ message: question, default: false }))) throw new CommandError("nothing was changed");
}

/** Asks for a name to be typed. */
export async function askForName(message: string): Promise<string> {
  if (!process.stdin.isTTY)
    throw new CommandError(`${message} Nobody is here to answer.`, "Answer with --yes --confirm NAME.");
  return (await input({ message })).trim();
}
