import { runStep } from "./step";

/** Installs packages of the host's own Debian. Needs root. */
export async function installPackages(packages: string[], progress: (line: string) => void): Promise<void> {
  await runStep({ name: "apt-update", program: "apt-get", arguments: ["update"], progress });
  await runStep({
    name: `apt-${packages[0]}`,
    program: "apt-get",
    arguments: ["install", "--yes", "--no-install-recommends", ...packages],
    environment: { DEBIAN_FRONTEND: "noninteractive" },
    progress,
  });
}
