import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { appOf } from "./app";
import { Run } from "./run";

// These synthesize, and so write the folder that Terraform reads.
const ALONE = ["accept-stores", "apply", "down", "lock", "plan", "pull-request", "up"];
// These only look at what is deployed, also while it changes.
const GUESTS = ["status", "verify"];
const INTERVAL = 200;

/**
 * Begins a run of the command: waits until it may work on the app of the current folder, and says for whom.
 *
 * @throws CommandError when cdktf.json names no app.
 */
export async function beginCommand(command: string): Promise<void> {
  const run = Run.begin(command);
  if (![...ALONE, ...GUESTS].includes(command)) return;
  const { output } = appOf(process.cwd());
  if (GUESTS.includes(command)) {
    // Synthesis writes the manifest last.
    for (; run.isInUse(output); await pause(INTERVAL)) {
      run.isGuest = existsSync(join(output, "manifest.json"));
      if (run.isGuest) return;
    }
  }
  await run.takeTurn(output, (line) => console.error(line));
}
