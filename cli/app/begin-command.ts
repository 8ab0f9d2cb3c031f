import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { removeKilledBuilds } from "../../offline/cache";
import { appOf } from "./app";
import { Run } from "../run/command-run";

// These synthesize, and so write the folder that Terraform reads.
const ALONE = [
  "accept-stores",
  "apply",
  "down",
  "gc",
  "import",
  "lock",
  "plan",
  "pull-request",
  "restore",
  "rollback",
  "up",
];
// These only look at what is deployed, also while it changes.
const GUESTS = ["backup", "backup check", "backup list", "doctor", "drill", "logs", "status", "verify"];
// These read the file of users and write it again. They need no app.
const EDITORS = ["users add", "users remove", "users rotate"];
const INTERVAL = 200;

/**
 * Begins a run of the command: waits until it may work on the app of the current folder, and says for whom.
 *
 * @throws CommandError when cdktf.json names no app.
 */
export async function beginCommand(command: string): Promise<void> {
  const run = Run.begin(command);
  removeKilledBuilds();
  const say = (line: string): void => console.error(line);
  if (EDITORS.includes(command)) return run.takeTurn(process.cwd(), say);
  if (![...ALONE, ...GUESTS].includes(command)) return;
  const { output } = appOf(process.cwd());
  if (GUESTS.includes(command)) {
    // Synthesis writes the manifest last.
    for (; run.isInUse(output); await pause(INTERVAL)) {
      run.isGuest = existsSync(join(output, "manifest.json"));
      if (run.isGuest) return;
    }
  }
  await run.takeTurn(output, say);
}
