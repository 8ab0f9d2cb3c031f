import { ask, runStep, StepError } from "./step";

// These fields distinguish Debian's main archive from its security updates and from other vendors' archives.
const FIELDS = "$(REPO_URI)|$(ORIGIN)|$(LABEL)";

/** The mirror of Debian's main archive in apt's list, which has one `uri|origin|label` in each line. */
export function mirrorAmong(targets: string): string | undefined {
  const fields = targets.split("\n").map((line) => line.split("|"));
  return fields.find(([, origin, label]) => origin === "Debian" && label === "Debian")?.[0];
}

/**
 * The mirror that this machine's own apt uses.
 *
 * @throws StepError when apt knows none.
 */
export async function debianMirror(progress: (line: string) => void): Promise<string> {
  const known = mirrorAmong(await targets());
  if (known) return known;
  // apt knows the origin from its package lists, which many images of Debian do not have.
  await runStep({ name: "apt-update", program: "apt-get", arguments: ["update"], progress });
  const mirror = mirrorAmong(await targets());
  if (!mirror) throw new StepError("Debian's packages come from the mirror that apt uses, and apt knows none here.");
  return mirror;
}

async function targets(): Promise<string> {
  return (await ask("apt-get", "indextargets", "--format", FIELDS, "Created-By: Packages")).answer;
}
