import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** The repository. */
export const REPOSITORY = resolve(__dirname, "..", "..");

/** Runs TypeScript, whatever folder Node.js is started in. */
export const NODE_TYPESCRIPT = [process.execPath, "--import", pathToFileURL(require.resolve("tsx")).href];
