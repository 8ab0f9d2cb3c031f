import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { appOf, explainFailure, selectStack } from "./app";
import type { App } from "./app";
import { CommandError } from "../console/command-error";
import { synthesisEnvironment } from "./environment";
import type { Environment } from "./environment";
import type { Redaction } from "./redaction";
import { Run } from "../run/command-run";
import { loadExeca } from "../console/es-modules";

const INTERVAL = 100;

// Release 0.1.0 put this override beside a stack for `down --delete-data`, and left it where that was killed.
const UNPROTECTED_FILE = "delete-data_override.tf.json";

/** A file beside the Terraform JSON of a stack on Podman. It fits only the stack for which it was written. */
export const PODMAN_OVERRIDE_FILE = "podman_override.tf.json";

/**
 * Runs the app of the current folder, which writes its output folder and nothing else. If another command works on
 * that folder, its output is taken.
 *
 * @param stack id of the stack, needed when the app has several.
 * @param environment variables for the app.
 * @param redaction takes secrets out of the error of a failed app.
 * @returns id of the stack, and its folder from the current one.
 * @throws CommandError when the app fails, has no such stack, or annotates an error.
 */
export async function synthesizeStack(
  stack: string | undefined,
  environment: Environment,
  redaction: Redaction,
): Promise<{ name: string; folder: string }> {
  const app = appOf(process.cwd());
  if (Run.current.isGuest) await waitForOutput(app.output);
  else await runApp(app, environment, redaction);
  const entry = selectStack(app.output, stack);
  const errors = (entry.annotations ?? []).filter(({ level }) => level.endsWith("error"));
  if (errors.length > 0)
    throw new CommandError(errors.map((error) => `${error.message} [${error.constructPath}]`).join("\n"));
  const folder = join(app.output, entry.workingDirectory);
  if (!Run.current.isGuest)
    for (const file of [UNPROTECTED_FILE, PODMAN_OVERRIDE_FILE]) await rm(join(folder, file), { force: true });
  return { name: entry.name, folder };
}

// The run that synthesizes removes the manifest, and writes it last.
async function waitForOutput(output: string): Promise<void> {
  while (!existsSync(join(output, "manifest.json")) && Run.current.isInUse(output)) await pause(INTERVAL);
}

async function runApp(
  { command, output, context }: App,
  environment: Environment,
  redaction: Redaction,
): Promise<void> {
  // An old manifest would hide that the app wrote none.
  await rm(join(output, "manifest.json"), { force: true });
  const options = {
    env: { ...synthesisEnvironment(environment, output, context) },
    extendEnv: false,
    reject: false,
  } as const;
  const [program = "", ...args] = Array.isArray(command) ? command : [];
  const { execa } = await loadExeca();
  const result = await (Array.isArray(command)
    ? execa(program, args, options)
    : execa(command, { ...options, shell: true }));
  if (result.exitCode === 0) return;
  throw new CommandError(
    redaction.apply(explainFailure(String(result.stderr)) || `the app failed: ${String(command)}`),
  );
}
