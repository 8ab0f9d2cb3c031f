import { offlineEnvironment, offlineTasks } from "../../offline";
import type { OfflinePart } from "../../offline";
import { requireYes } from "../console/prompts";
import { shellWord } from "../console/shell-word";
import { runTasks } from "../console/tasks";

/** Options of `offline`. */
export interface OfflineCommandOptions {
  /** Answers every question with yes. */
  readonly yes?: boolean;

  /** Builds only these parts. */
  readonly only?: OfflinePart[];

  /** Builds nothing. */
  readonly printOnly?: boolean;
}

/**
 * Builds images and providers from package registries, and prints the lines that make a shell use them. The lines go to
 * standard output and everything else to standard error, so that a shell can `eval` the output.
 */
export async function offline({ yes = false, only, printOnly }: OfflineCommandOptions): Promise<void> {
  if (!printOnly) {
    const parts = only ?? ["engine", "images", "providers"];
    await requireYes(`Build ${parts.join(", ")} on this machine?`, yes);
    await runTasks(offlineTasks({ only }), process.stderr);
  }
  for (const [name, value] of Object.entries(offlineEnvironment())) {
    console.log(`export ${name}=${shellWord(value)}`);
  }
}
