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

/**
 * Asks for a word, and goes on only if it is typed.
 *
 * @param yes whether `--yes` has answered.
 * @throws CommandError when another word is typed, or there is no terminal to ask on.
 */
export async function requireWord(message: string, word: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY) throw new CommandError(`${message} There is no terminal to ask on.`, "Answer with --yes.");
  if ((await input({ message: `${message} To agree, type '${word}':` })).trim() !== word)
    throw new CommandError("nothing was changed");
}

/** Asks the user to type a name. */
export async function askForName(message: string): Promise<string> {
  if (!process.stdin.isTTY)
    throw new CommandError(`${message} There is no terminal to ask on.`, "Answer with --yes --confirm NAME.");
  return (await input({ message })).trim();
}
