import { GoProgram } from "../offline/go-program";
import { runProgram } from "./program";

const BUILT = new GoProgram("compose", "github.com/docker/compose/v2/cmd");
const RELEASE = "2.40.3";

/** The command line of Docker Compose: the installed one, else one that is built once on this machine. */
export async function composeProgram(): Promise<string[]> {
  if ((await installedRelease()) !== undefined) return ["docker", "compose"];
  await BUILT.build(() => {});
  return [BUILT.file];
}

/** The release of Docker Compose. */
export async function composeRelease(): Promise<string> {
  return (await installedRelease()) ?? RELEASE;
}

async function installedRelease(): Promise<string | undefined> {
  return runProgram("docker", ["compose", "version", "--short"]).catch(() => undefined);
}
