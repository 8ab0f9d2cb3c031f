import { existsSync, readFileSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { decodeText } from "../../lib/values/decode-text";
import { CommandError } from "../console/command-error";

const CONFIGURATION = "cdktf.json";
const OUTPUT = "cdktf.out";

/** How to run a CDKTF app. */
export interface App {
  /** A line for the shell, or a program with its arguments. */
  readonly command: string | string[];

  /** Folder that the app writes to, relative to the current folder. */
  readonly output: string;

  /** `context` of cdktf.json. */
  readonly context?: object;
}

/** A stack as the app's manifest lists it. */
export interface StackEntry {
  readonly name: string;
  readonly synthesizedStackPath: string;
  readonly workingDirectory: string;
  readonly annotations?: { level: string; constructPath: string; message: string }[];
}

/**
 * The app that a folder's cdktf.json names; without that file, the app of this package.
 *
 * @throws CommandError when cdktf.json names no app.
 */
export function appOf(folder: string): App {
  const file = join(folder, CONFIGURATION);
  if (!existsSync(file)) return { command: packagedApp(), output: OUTPUT };

  const { app, output, context } = readConfiguration(file);
  if (typeof app !== "string" || app.trim() === "") {
    throw new CommandError(
      `${CONFIGURATION} names no app`,
      `Add "app": the command that runs it, as 'cdktf synth' needs it.`,
    );
  }
  return { command: app, output: typeof output === "string" && output !== "" ? output : OUTPUT, context };
}

/**
 * The stack to work on.
 *
 * @param outputFolder where the app was synthesized to.
 * @param name id of the stack that the user asked for.
 * @throws CommandError when the app has no such stack, or several and no name is given.
 */
export function selectStack(outputFolder: string, name?: string): StackEntry {
  const stacks = readStacks(outputFolder);
  const names = stacks.map((stack) => stack.name).join(", ");
  if (name !== undefined) {
    const stack = stacks.find((candidate) => candidate.name === name);
    if (!stack) throw new CommandError(`the app has no stack '${name}'`, `It has: ${names || "none"}.`);
    return stack;
  }
  const [only, ...others] = stacks;
  if (!only) throw new CommandError("the app has no stack");
  if (others.length > 0)
    throw new CommandError(`the app has ${stacks.length} stacks`, `Choose one with --stack: ${names}.`);
  return only;
}

/** The error of a failed app: only the message when the app refused a value, else all that it printed. */
export function explainFailure(stderr: string): string {
  // CDKTF lists the errors of a validation, one a line.
  const findings = /^Error: Validation failed with the following errors:\n((?:.+\n)+)/m.exec(stderr);
  if (findings?.[1]) return findings[1].replaceAll(/^ {2}/gm, "").trim();
  const refusal = /^(?:\w*ValidationError): ((?:.*\n?)+?)(?=\s+at |\s*\{|\n\s*\n|$(?![\s\S]))/m.exec(stderr);
  return (refusal?.[1] ?? stderr).trim();
}

function readConfiguration(file: string): { app?: unknown; output?: unknown; context?: object } {
  try {
    return JSON.parse(decodeText(readFileSync(file))) as object;
  } catch (error) {
    throw new CommandError(`${CONFIGURATION} is not valid JSON: ${(error as Error).message}`);
  }
}

function readStacks(outputFolder: string): StackEntry[] {
  const file = join(outputFolder, "manifest.json");
  if (!existsSync(file)) {
    throw new CommandError(`the app wrote nothing to ${resolve(outputFolder)}`, "Does it call app.synth()?");
  }
  const manifest = JSON.parse(readFileSync(file, "utf8")) as { stacks: { [name: string]: StackEntry } };
  return Object.values(manifest.stacks);
}

// `main.ts` in a checkout, `main.js` in the published package.
function packagedApp(): string[] {
  const extension = extname(__filename);
  const main = resolve(__dirname, "..", "..", `main${extension}`);
  if (extension === ".js") return [process.execPath, main];
  return [process.execPath, "--import", pathToFileURL(require.resolve("tsx")).href, main];
}
