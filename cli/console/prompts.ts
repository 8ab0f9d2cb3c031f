import { confirm, input } from "@inquirer/prompts";
import { CommandError } from "./command-error";

/**
 * Asks a question, and goes on only after a yes.
 *
 * @param yes whether `--yes` has answered it.
 * @throws CommandError when the answer is no, or there is no terminal to ask on.
 */
export async function requireYes(question: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY) throw new CommandError(`${question} There is no terminal to ask on.`, "Answer with --yes.");
  if (!(await confirm({ message: question, default: false }))) throw new CommandError("nothing was changed");
}

/** Asks for a word. Whether it was typed; false if there is no terminal to ask on. */
export async function isWordTyped(message: string, word: string): Promise<boolean> {
  return process.stdin.isTTY && (await input({ message: `${message} To agree, type '${word}':` })).trim() === word;
}

/** Asks the user to type a name. */
export async function askForName(message: string): Promise<string> {
  if (!process.stdin.isTTY)
    throw new CommandError(`${message} There is no terminal to ask on.`, "Answer with --yes --confirm NAME.");
  return (await input({ message })).trim();
}
