import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cachePath, contentHash } from "./cache";
import { HASH_LABEL, NAMESPACE, isImageCurrent } from "./docker-image";
import { ask, runStep, StepError } from "./step";

// a company's own authorities, without which a container does not reach the company's package registries.
const HOST_AUTHORITIES = "/usr/local/share/ca-certificates";
const PACKAGES = ["ca-certificates", "wget"];

/** A Debian release as an image, made from the mirror that this machine itself uses. */
export class DebianBase {
  constructor(private readonly release: string) {}

  /** Complete name. */
  public get name(): string {
    return `${NAMESPACE}/debian:${this.release}`;
  }

  /** Hash over what it is built from. */
  public get hash(): string {
    return contentHash(hostAuthorities(), this.release, ...PACKAGES);
  }

  /** Builds it. Returns false when it is current. */
  public async build(progress: (line: string) => void): Promise<boolean> {
    const { name, hash, release } = this;
    if (await isImageCurrent(name, hash)) return false;

    await requireDebootstrap(progress);
    const root = cachePath("context", `debian-${release}`);
    rmSync(root, { recursive: true, force: true });
    mkdirSync(root, { recursive: true });
    const run = (step: string, program: string, ...args: string[]) =>
      runStep({ name: `debian-${release}-${step}`, program, arguments: args, progress });

    await run(
      "bootstrap",
      "debootstrap",
      ...["--variant=minbase", `--include=${PACKAGES.join(",")}`, release, root, await mirror()],
      // one script serves all releases; this machine may be older than the release.
      "/usr/share/debootstrap/scripts/sid",
    );
    for (const file of hostAuthorities()) cpSync(file, join(root, file));
    await run("authorities", "chroot", root, "update-ca-certificates");
    rmSync(join(root, "var/cache/apt/archives"), { recursive: true, force: true });
    await run(
      "import",
      "sh",
      ...["-c", 'tar -C "$1" -c . | docker import --change "LABEL $2" - "$3"', "import"],
      ...[root, `${HASH_LABEL}=${hash}`, name],
    );
    rmSync(root, { recursive: true, force: true });
    return true;
  }
}

function hostAuthorities(): string[] {
  if (!existsSync(HOST_AUTHORITIES)) return [];
  return readdirSync(HOST_AUTHORITIES)
    .filter((name) => name.endsWith(".crt"))
    .sort()
    .map((name) => join(HOST_AUTHORITIES, name));
}

async function requireDebootstrap(progress: (line: string) => void): Promise<void> {
  if (existsSync("/usr/sbin/debootstrap")) return;
  if (process.getuid?.() !== 0) {
    throw new StepError("debootstrap is needed to build images here: install it, and build as root.");
  }
  await runStep({ name: "apt-update", program: "apt-get", arguments: ["update"], progress });
  await runStep({
    name: "apt-debootstrap",
    program: "apt-get",
    arguments: ["install", "--yes", "--no-install-recommends", "debootstrap"],
    environment: { DEBIAN_FRONTEND: "noninteractive" },
    progress,
  });
}

async function mirror(): Promise<string> {
  const { answer } = await ask("apt-get", "indextargets", "--format", "$(REPO_URI) $(ORIGIN)", "Created-By: Packages");
  const [uri] =
    answer
      .split("\n")
      .find((line) => line.endsWith(" Debian"))
      ?.split(" ") ?? [];
  if (!uri) throw new StepError("apt knows no Debian mirror on this machine: run 'apt-get update' first.");
  return uri;
}
